"""The best weights so far, and how the validation went; both survive Ctrl-C."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from safetensors.torch import load_file, save_file

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor, nn

LEAST_GAIN = 0.02  # dB: less is as likely chance as progress


@dataclass(frozen=True)
class Best:
    """The best state of a run.

    Attributes
    ----------
    gain : float
        PSNR on validation over that of the base model, in dB; 0 for the base model itself.
    step : int
    """

    gain: float = 0.0
    step: int = 0


class Keeper:
    """Keeps the best network in a folder.

    Parameters
    ----------
    folder : Path
        Of work in progress.
    """

    def __init__(self, folder: Path) -> None:
        self._weights, self._note = folder / "best.safetensors", folder / "best.json"
        self.best = Best(**json.loads(self._note.read_text(encoding="utf-8"))) if self._note.exists() else Best()

    def see(self, network: nn.Module, gain: float, step: int) -> bool:
        """Keep a network if it is better than all before; tell whether it is."""
        if gain <= max(self.best.gain, LEAST_GAIN):
            return False
        self.best = Best(round(gain, 5), step)
        part = self._weights.with_suffix(".part")
        # All digits: what is tested in the end is what was judged.
        save_file({name: v.detach().cpu().contiguous() for name, v in network.state_dict().items()}, part)
        part.replace(self._weights)
        self._note.write_text(json.dumps(asdict(self.best)), encoding="utf-8")
        return True

    def weights(self) -> dict[str, Tensor] | None:
        """Return the best weights; None where the base model is still the best."""
        return load_file(self._weights) if self.best.step else None
