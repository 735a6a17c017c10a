"""Makes the program importable, as it is on a host."""

import sys

from integration.conftest import ROOT

sys.path.insert(0, str(ROOT / "roles/backup/files"))
