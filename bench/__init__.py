"""Figures as ratios, taken side by side on one machine. Not part of the product."""
