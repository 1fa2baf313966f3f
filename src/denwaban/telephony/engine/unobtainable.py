"""Why no engine could be had, and what a person can do about it."""

LEAST_VERSION = 20
NEEDED_BYTES = 700 * 1024 * 1024


class EngineUnobtainable(Exception):
    """No engine could be had. `code` is one word for programs; the text says what to do."""

    def __init__(self, code: str, text: str, detail: str = "") -> None:
        super().__init__(text if not detail else f"{text}\n{detail}")
        self.code = code
        self.text = text
        self.detail = detail


def no_room() -> EngineUnobtainable:
    """The disk is too full."""
    return EngineUnobtainable(
        "disk-full",
        f"ディスクの空きが足りません。取得中に約 {NEEDED_BYTES // 2**20} MB 使います。"
        "空きを作って、もう一度実行してください。",
    )


def explained(said: str) -> EngineUnobtainable:
    """The likeliest reason behind what a tool said, keeping its last lines."""
    detail = (
        "\n".join(line for line in said.splitlines() if line.startswith(("E:", "W:", "tar:")))
        or said[-400:]
    )
    low = said.lower()
    if "no space left" in low or "not enough free space" in low or "disk quota" in low:
        return EngineUnobtainable("disk-full", no_room().text, detail)
    if "no_pubkey" in low or "not signed" in low or "public key" in low or "signature" in low:
        return EngineUnobtainable(
            "no-keyring",
            "Debian の署名を確かめられませんでした。"
            "「sudo apt install --only-upgrade debian-archive-keyring」のあと、"
            "もう一度実行してください。",
            detail,
        )
    if "permission denied" in low or "read-only file system" in low:
        return EngineUnobtainable(
            "no-permission",
            "書き込めないフォルダーです。DENWABAN_HOME に書き込めるフォルダーを指定してください。",
            detail,
        )
    return EngineUnobtainable(
        "no-network",
        "Debian の配布元から取得できませんでした。ネットワーク(必要なら apt のプロキシー設定)を"
        f"確かめて、もう一度実行してください。または Asterisk {LEAST_VERSION} 以上を入れて"
        "PATH に置いてください。",
        detail,
    )
