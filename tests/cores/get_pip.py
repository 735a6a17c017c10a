"""Puts pip into an empty environment. ansible-test looks for a script like this one in its cache before it would
download one: this takes the interpreter's own pip, and what is asked for comes from the package index as configured."""

import subprocess
import sys

subprocess.run([sys.executable, "-m", "ensurepip", "--default-pip"], check=True, stdout=subprocess.DEVNULL)
wanted = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
subprocess.run([sys.executable, "-m", "pip", "install", *wanted], check=True)
