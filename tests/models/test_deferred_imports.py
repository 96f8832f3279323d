"""Loading a model's configuration does not wait for torch."""

import subprocess
import sys


def test_configurations_do_not_import_torch():
    program = (
        "import sys\n"
        "from harness import registry\n"
        "for name in ('random', 'popularity', 'item_knn', 'ease'):\n"
        "    registry.load('models', name)()\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
