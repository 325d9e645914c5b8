"""The methods of a run as paragraphs that may be pasted into a paper: only what the run itself knows."""

from __future__ import annotations

from collections.abc import Iterator

from engine.contract.augmentation import AUGMENTATIONS
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import BASELINE
from engine.contract.training_settings import TrainingSettings
from engine.figures.figure_text import listed
from engine.report.content import Block, Prose, ReportSection
from engine.report.recipe_words import chain_sentence
from engine.report.reference_list import Library
from engine.report.repetition_words import repeats_method, repeats_sentence, search_paragraph
from engine.report.reported_run import ReportedRun
from engine.workbench.step import STEPS

SCALED = {
    "unit": "scaled to values from 0 to 1",
    "symmetric": "scaled to values from −1 to 1",
    "bytes": "fed as values from 0 to 255",
    "per_image_max": "divided by each image's own maximum",
    "standardize": "standardised by mean and deviation of the training images",
    "imagenet_bgr": "reduced by ImageNet's mean in the order blue, green, red",
    "imagenet_rgb": "standardised by ImageNet's mean and deviation",
}
OPTIMIZERS = {"adam": "Adam", "adamw": "AdamW", "sgd": "stochastic gradient descent with Nesterov momentum"}


def methods_section(run: ReportedRun, known: Library) -> ReportSection:
    """Data, network, compression, evaluation, software: a paragraph each."""
    paragraphs = (
        _data(run, known),
        _training(run, known),
        _compression(run, known),
        search_paragraph(run, known),
        _evaluation(run, known),
    )
    texts = [*filter(None, paragraphs), _software(run, known)]
    blocks: tuple[Block, ...] = tuple(Prose(text, is_quotable=True) for text in texts)
    return ReportSection("Methods, for a paper", blocks)


def _data(run: ReportedRun, known: Library) -> str:
    if run.ready is None:
        return ""
    data, settings = run.ready.dataset, run.recipe.dataset
    total = data.train + data.validation + data.test
    first = "in the first repetition " if len(run.recipe.repeats) > 1 else ""
    text = (
        f"The dataset has {total:,} images of {len(data.classes)} classes: {first}{data.train:,} for training, "
        f"{data.validation:,} for validation and {data.test:,} for testing."
    )
    if repeated := repeats_sentence(run.recipe):
        text += f" {repeated}"
    if settings.group_by:
        text += " A drawn split keeps all images of one group, such as a patient, on one side."
    if data.left_out:
        text += f" {data.left_out:,} duplicate images were left out."
    if data.skipped:
        text += f" {len(data.skipped):,} files could not be read and were skipped."
    several = run.recipe.images.settings
    fed = _images(several[0], known)
    if len(several) > 1:
        return f"{text} {len(several)} image settings were compared, each with a baseline of its own; the first: {fed}"
    return f"{text} {fed[0].upper()}{fed[1:]}"


def _images(images: ImageSettings, known: Library) -> str:
    height, width = images.height_width
    color = "grayscale" if images.color == "grayscale" else "RGB"
    text = (
        f"images were resized to {height} × {width} pixels ({images.resample}), converted to {color} and "
        f"{SCALED[images.scale]}."
    )
    if images.jpeg_quality:
        text += f" They were saved again as JPEG of quality {images.jpeg_quality}{known.cite('method:image_ratio')}."
    if images.dwt is not None:
        bands = ", ".join(images.dwt.subbands)
        text += (
            f" The network was fed the subband{'s' if len(images.dwt.subbands) > 1 else ''} {bands} of a discrete "
            f"wavelet transform ({images.dwt.wavelet}, level {images.dwt.level}){known.cite('method:dwt')}."
        )
    return text


def _training(run: ReportedRun, known: Library) -> str:
    backbone, training = run.recipe.backbone, run.recipe.training
    baseline = next(iter(run.baselines.values()), None)
    size = f", {baseline.parameters:,} parameters" if baseline and baseline.chain == BASELINE else ""
    width = f" at width ×{backbone.width:g}" if backbone.width != 1 else ""
    text = f"The baseline is {backbone.kind}{known.cite(f'backbone:{backbone.kind}')}{width}{size}"
    text += ", started from the weights of a file" if backbone.weights else ", started from random weights"
    if not training.train:
        return text + "; it was not trained further."
    text += " and with its base frozen." if backbone.freeze_base else "."
    return f"{text} {' '.join(_course(run, training, known))}"


def _course(run: ReportedRun, training: TrainingSettings, known: Library) -> Iterator[str]:
    stage = next((one for one in run.stages if one.kind == "baseline"), None)
    done = run.epochs.get(stage.key, ()) if stage else ()
    optimizer = OPTIMIZERS.get(training.optimizer, training.optimizer)
    cited = known.cite(f"setting:training.optimizer={training.optimizer}")
    epochs = f"{len(done)} epochs" if done else f"{training.epochs} epochs" if training.epochs else "as many epochs"
    how = " (their number was found automatically)" if training.epochs is None else ""
    if not done and training.epochs is None:
        how = " as helped"
    highest = max((one.learning_rate for one in done), default=training.learning_rate)
    rate = f", a highest learning rate of {highest:.3g}" if highest else ""
    chosen = " (chosen automatically)" if rate and training.learning_rate is None else ""
    schedule = known.cite(f"setting:training.schedule={training.schedule}")
    yield (
        f"It was trained by {optimizer}{cited} for {epochs}{how} with batches of {training.batch_size} images{rate}"
        f"{chosen} and a {training.schedule} schedule{schedule}."
    )
    if training.augment:
        named = [
            AUGMENTATIONS[key].title.lower() + known.cite_papers(AUGMENTATIONS[key].paper) for key in training.augment
        ]
        yield f"Augmentation of the training images: {listed(named)}."
    if training.label_smoothing:
        yield f"Labels were smoothed by {training.label_smoothing:g}{known.cite('method:label_smoothing')}."
    if training.class_weights == "balanced":
        yield "Classes were weighted by the inverse of their frequency."
    if training.restore_best:
        yield "The weights of the epoch with the highest validation accuracy were kept."


def _compression(run: ReportedRun, known: Library) -> str:
    if not run.recipe.chains:
        return ""
    several = len(run.recipe.chains)
    how = "One chain" if several == 1 else f"{several} chains"
    named = "; ".join(chain_sentence(chain) for chain in run.recipe.chains)
    used = list(dict.fromkeys(step.step for chain in run.recipe.chains for step in chain.steps))
    techniques = [
        _technique(key) + _merged(known.cite_papers(STEPS[key].paper), _options(run, key, known)) for key in used
    ]
    return f"{how} of compression started from the trained baseline: {named}. Techniques: {listed(techniques)}."


def _technique(key: str) -> str:
    """Such as "post-training quantisation"."""
    words = key.replace("_", " ").replace("quantization", "quantisation")
    return words.replace("post training", "post-training").replace("quantisation aware", "quantisation-aware")


def _merged(first: str, second: str) -> str:
    """Two marks of citations as one."""
    return f"{first[:-2]},{second[3:]}" if first.endswith("]]") and second else first + second


def _options(run: ReportedRun, key: str, known: Library) -> str:
    """What is cited for certain settings of a step, such as learned rounding."""
    steps = [step for chain in run.recipe.chains for step in chain.steps if step.step == key]
    things = [f"step:{key}.{name}={str(value).lower()}" for step in steps for name, value in step.model_dump().items()]
    return known.cite(*things)


def _evaluation(run: ReportedRun, known: Library) -> str:
    if not run.variants:
        return ""
    cite = known.cite
    first = run.variants[0]
    threads = f"{first.threads} thread{'s' if first.threads != 1 else ''}"
    text = (
        "Every figure is of the TensorFlow Lite file that would ship, run by LiteRT. Accuracies on the test images "
        f"have Wilson 95 % intervals{cite('method:wilson')}."
    )
    paired = [one.paired for one in run.variants if one.paired]
    if any(one.groups for one in paired):
        text += (
            " Each compressed file is compared with its baseline on the same test images by exchanging whole groups "
            f"of images, with Tango's score interval of the difference{cite('method:tango')} for as many independent "
            f"images as the groups are worth; p values are corrected by Holm{cite('method:holm')}."
        )
    elif paired:
        text += (
            f" Each compressed file is compared with its baseline on the same test images by McNemar's exact test"
            f"{cite('method:mcnemar')}, corrected by Holm{cite('method:holm')}, with Tango's score interval of the "
            f"difference{cite('method:tango')}."
        )
    if repeated := repeats_method(run, known):
        text += f" {repeated}"
    if any(one.threshold for one in run.variants):
        text += f" Decision thresholds were chosen on the validation images{cite('method:youden')}."
    if any(one.ece is not None for one in run.variants):
        text += f" Calibration error is over 15 bins{cite('method:ece')}."
    text += (
        f" Latency is the median of single images after a warm-up, all files in turn, with {threads} on "
        f"{first.cpu or 'a processor that was not noted'}."
    )
    return text


def _software(run: ReportedRun, known: Library) -> str:
    device = f" Training ran on {run.device}." if run.device else ""
    seeds = sorted({one.seed for one in run.variants if one.seed is not None}) or [run.recipe.seed]
    seed = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {listed(tuple(map(str, seeds)))}"
    if not run.environments:
        return f"The run did not note the versions of its software; it used {seed}.{device}"
    last = run.environments[-1]
    versions = last.packages
    named = [f"Nutshell {last.nutshell}"]
    if "tensorflow" in versions:
        named.append(f"TensorFlow {versions['tensorflow']}{known.cite('method:tensorflow')}")
    named += [f"LiteRT {versions['ai-edge-litert']}"] if "ai-edge-litert" in versions else []
    named.append(f"Python {last.python}")
    resumed = (
        " It was begun with other versions, which its reproducibility section lists." if run.environments[1:] else ""
    )
    return f"Software: {listed(named)} on {last.system}, with {seed}.{device}{resumed}"
