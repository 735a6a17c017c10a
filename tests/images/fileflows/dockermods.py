"""DockerMods: shell scripts that install programs into the container, run as root by way of /bin/su."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

FOLDER = Path("/app/Data/DockerMods")
# What its repository offers. The programs come with this image, since nothing is fetched here.
OFFERED = [
    {
        "Name": "FFmpeg 7",
        "Path": "DockerMods/FFmpeg 7.sh",
        "Code": "install -m 755 /app/standin/ffmpeg /usr/local/bin/ffmpeg",
    },
    {"Name": "ImageMagick", "Path": "DockerMods/ImageMagick.sh", "Code": "touch /usr/local/bin/magick"},
]


def run_all(mods: t.Iterable[dict], log: t.Callable[[str], None]) -> None:
    """Write each one's script below the data, and let it run as root, which `su` has to become."""
    FOLDER.mkdir(exist_ok=True)
    codes = {one["Path"]: one["Code"] for one in OFFERED}
    for mod in mods:
        script = FOLDER / f"{mod['Name'].replace(' ', '')}.sh"
        script.write_text(f"#!/bin/bash\n\n{codes[mod['Path']]}\n", encoding="utf-8")
        script.chmod(0o755)
        done = subprocess.run(["/bin/su", "-c", f'"{script}"'], text=True, capture_output=True, check=False)
        failed = " Failed" if done.returncode else ""
        log(f"---- Docker Mod{failed}: {mod['Name']} ---- {done.stdout}{done.stderr}")
