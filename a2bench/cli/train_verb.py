"""`a2bench train`: a configuration to a trained model."""

import os
from typing import Any

from a2bench.cli.hydra_verbs import Verb
from a2bench.errors import A2BenchError
from a2bench.paths import data_home


def _train(cfg: Any) -> int:
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import OmegaConf

    from a2bench.training.launch import Order, train
    from a2bench.training.loop import Settings

    values: Any = OmegaConf.to_container(cfg, resolve=True)
    hydra = HydraConfig.get()
    kept = {field for field in Settings.__dataclass_fields__ if field in values}
    listed = {name: values[name] for name in kept}
    listed["log_with"] = _names(values["log_with"])
    order = Order(
        base=str(values["method"]),
        experiment=str(hydra.runtime.choices.get("experiment") or ""),
        variant=str(values["variant"]),
        name=values["name"],
        options=values["options"],
        data=values["data"],
        settings=Settings(**listed),
        overrides=tuple(
            word
            for word in hydra.overrides.task
            if not word.lstrip("+").startswith(("home=", "restart=", "data.cache="))
        ),
    )
    home = data_home(cfg.home)
    done = train(order, home, restart=bool(cfg.restart))
    if int(os.environ.get("RANK", "0")):
        return 0  # of several processes the first one speaks
    loss = "" if done.loss is None else f", loss {done.loss:.4f}"
    at = f" home={cfg.home}" if cfg.home else ""
    if done.record is None:
        print(f"stopped after step {done.step}{loss}; run the same command again, it goes on there")
        return 130
    made = f"{done.made} of {done.step} steps done now" if done.made else "it was trained already"
    print(f"{done.record.name}: {made}{loss}, in {done.folder}")
    print(f"next: a2bench run method={done.record.name} split=mini protocol=cross{at}")
    return 0


def _names(value: Any) -> tuple[str, ...]:
    words = [value] if isinstance(value, str) else value or []
    if not all(isinstance(word, str) for word in words):
        raise A2BenchError(f"log_with={value}: expected names, such as [tensorboard]")
    return tuple(words)


TRAIN = Verb(
    "train",
    "Train a method whose card names a trainer; run again, it goes on where it was.",
    (
        "a2bench train experiment=tiny",
        "a2bench train experiment=tiny variant=no_epi seed=1 steps=8",
        "a2bench train -m experiment=tiny variant=full,no_ipi,no_epi seed=0,1",
        "accelerate launch --num_processes 8 -m a2bench train experiment=full_scale",
    ),
    _train,
)
