"""What the tools that run a whole chain share: programs started and ended, waiting, accounts, databases read."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
