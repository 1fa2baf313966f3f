"""Adding and changing people. Every change checks what it is given and leaves a fact."""
