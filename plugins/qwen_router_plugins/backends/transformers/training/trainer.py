"""The trainer of trl, set up for one job."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import datasets
import peft
import transformers
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from qwen_router.adapting.job import Job, Progress, Progressed
from qwen_router_plugins.backends.transformers.training.examples import Split

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_TOGETHER = 4
"""Examples of one pass, at most; a batch takes several."""


def make_trainer(
    job: Job, network: PreTrainedModel, split: Split, directory: Path, tell: Progress, *, fresh: bool
) -> Any:
    """Return trl's trainer: LoRA on all linear layers (arXiv:2305.14314), early stopping, a checkpoint an epoch.

    Args:
        directory: Where it keeps its checkpoints.
        fresh: Whether it begins anew, and so first measures what the base can do without an adapter.
    """
    together = math.gcd(job.batch, _TOGETHER)
    return SFTTrainer(
        model=network,
        processing_class=transformers.AutoTokenizer.from_pretrained(
            str(job.files), trust_remote_code=False, local_files_only=True
        ),
        # Held in memory: nothing is put into the user's cache of data sets.
        train_dataset=datasets.Dataset.from_list(split.learned),
        eval_dataset=datasets.Dataset.from_list(split.measured),
        peft_config=peft.LoraConfig(
            task_type="CAUSAL_LM", r=job.rank, lora_alpha=job.alpha, target_modules="all-linear"
        ),
        callbacks=[transformers.EarlyStoppingCallback(job.patience), _Teller(job, tell)],
        args=SFTConfig(
            output_dir=str(directory),
            num_train_epochs=job.epochs,
            learning_rate=job.learning_rate,
            lr_scheduler_type="constant",
            per_device_train_batch_size=together,
            per_device_eval_batch_size=together,
            gradient_accumulation_steps=job.batch // together,
            # The examples are tokenised, and none is cut.
            dataset_kwargs={"skip_prepare_dataset": True},
            max_length=None,
            eval_strategy="epoch",
            save_strategy="epoch",
            logging_strategy="epoch",
            eval_on_start=fresh,
            save_total_limit=2,
            load_best_model_at_end=True,
            metric_for_best_model="eval_loss",
            greater_is_better=False,
            seed=job.seed,
            data_seed=job.seed,
            # The base keeps its precision and the adapter learns in fp32.
            bf16=False,
            use_cpu=job.offer.device == "cpu",
            gradient_checkpointing=job.offer.device != "cpu",
            dataloader_pin_memory=job.offer.device == "cuda",
            report_to="none",
            disable_tqdm=True,
        ),
    )


def history_of(trainer: Any, job: Job) -> tuple[Progressed, ...]:
    """Return the losses at the start and after each epoch, those before an interruption included."""
    losses: dict[int, float] = {}
    found = []
    for entry in trainer.state.log_history:
        if "loss" in entry:
            losses[entry["step"]] = entry["loss"]
        if "eval_loss" in entry:
            found.append(
                Progressed(
                    epoch=entry["epoch"],
                    epochs=job.epochs,
                    step=entry["step"],
                    steps=trainer.state.max_steps,
                    loss=losses.get(entry["step"]),
                    validation_loss=entry["eval_loss"],
                )
            )
    return tuple(found)


class _Teller(transformers.TrainerCallback):
    """Tells how far the training is."""

    def __init__(self, job: Job, tell: Progress) -> None:
        self._job, self._tell = job, tell
        self._loss: float | None = None

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        self._tell(self._progressed(state))

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **more: Any) -> None:
        self._loss = (logs or {}).get("loss", self._loss)

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: dict[str, float] | None = None, **more: Any
    ) -> None:
        losses = {"loss": self._loss, "validation_loss": (metrics or {}).get("eval_loss")}
        self._tell(self._progressed(state).model_copy(update=losses))

    def _progressed(self, state: Any) -> Progressed:
        return Progressed(
            epoch=state.epoch or 0.0, epochs=self._job.epochs, step=state.global_step, steps=state.max_steps
        )
