"""Makes the program importable, as it is on a host."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "roles/backup/files"))
