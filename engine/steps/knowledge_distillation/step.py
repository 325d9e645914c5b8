"""Knowledge distillation: a small student network learns from the network so far, its teacher.

Hinton et al. 2015, as used by Predić et al. 2022 and Lee et al. 2022, whose table 3 names the kinds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from engine.backbones.backbone import layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.errors import NutshellError, PromiseBroken
from engine.contract.findings import Finding
from engine.contract.recipe import Recipe
from engine.contract.repairs import Repair
from engine.contract.step_parameters import StepParameters
from engine.feeding.pipeline import network_input_shape
from engine.graph.layer_graph import LayerGraph
from engine.steps.knowledge_distillation.parameters import KnowledgeDistillationParameters
from engine.workbench.step import STEPS, Step, StepPlace, Trait

if TYPE_CHECKING:
    from engine.measurement.tflite_file import TfliteFile
    from engine.workbench.network import Network
    from engine.workbench.step_context import StepContext

STUDENT_SEED = 0x57D
PUBLISHED_RELATION_WEIGHTS = {"gram": 3000.0, "rkd": 25.0}
STUDENT_WIDTHS = (1.0, 0.75, 0.5, 0.35, 0.25, 0.1)
"""As MobileNets come in, and the narrowest that trains."""

FLOAT_BYTES = 4
COPIES_OF_TRIPLES = 6
"""That a training by `rkd` was seen to hold at once, at batches of 512."""


class KnowledgeDistillation(Step[KnowledgeDistillationParameters]):
    key: ClassVar[str] = "knowledge_distillation"
    title: ClassVar[str] = "Knowledge distillation"
    summary: ClassVar[str] = (
        "Trains a smaller network, the student, on the outputs of the network so far, its teacher. "
        "The file becomes as small and as fast as the student."
    )
    paper: ClassVar[str] = "Hinton et al. 2015; Predić et al. 2022; Lee et al. 2022"
    guide: ClassVar[Mapping[str, str]] = MappingProxyType({"Kinds of knowledge": "knowledge.md"})
    Parameters: ClassVar[type[StepParameters]] = KnowledgeDistillationParameters
    begins_anew: ClassVar[bool] = True

    def training_epochs(self, parameters: KnowledgeDistillationParameters) -> int:
        return parameters.epochs

    def graph(
        self, parameters: KnowledgeDistillationParameters, before: LayerGraph, recipe: Recipe, class_count: int
    ) -> LayerGraph:
        settings = _student_settings(parameters, recipe)
        return layer_graph(settings, network_input_shape(recipe.images.first), class_count)

    def training_macs(
        self, parameters: KnowledgeDistillationParameters, before: LayerGraph, after: LayerGraph
    ) -> float:
        own = super().training_macs(parameters, before, after)
        if parameters.without_teacher:
            return own
        return (
            own + before.macs
            if parameters.kind == "offline"
            else own + super().training_macs(parameters, before, before)
        )

    def memory_beside_network(self, parameters: KnowledgeDistillationParameters, batch_size: int) -> int:
        """Of `rkd`, the cosines of all triples of a batch, with their differences and gradients."""
        relates = parameters.relation_weight > 0 and parameters.relation == "rkd"
        return COPIES_OF_TRIPLES * FLOAT_BYTES * batch_size**3 if relates else 0

    def findings(self, parameters: KnowledgeDistillationParameters, place: StepPlace) -> Iterator[Finding]:
        try:
            teacher = place.graph_before
            settings = (place.recipe.model_copy(update={"images": one}) for one in place.recipe.images.settings)
            student, *_ = [self.graph(parameters, teacher, one, place.class_count) for one in settings]
        except NutshellError as error:
            yield place.error(f"The student cannot be built: {error}", "student")
            return
        if lost := [place.earlier[index].label() for index in sorted(set(place.made.values()))]:
            message = (
                f"The student is a new network, so what {', '.join(lost)} made stays in its teacher; "
                "compress the student after it, unless the compressed teacher is what you study."
            )
            first = min(place.made.values())
            # Another that starts from random weights would lose the student in turn.
            anew = any(STEPS[place.earlier[index].step].begins_anew for index in place.made.values())
            yield place.warning(message, repair=None if anew else place.move(first, f"Distil before {lost[0]}"))
        if student.parameters >= teacher.parameters and parameters.kind != "self":
            message = (
                f"The student has {student.parameters:,} parameters and its teacher {teacher.parameters:,}, so the "
                f"file does not become smaller;"
                " choose a smaller student or a smaller student_width."
            )
            yield place.warning(message, "student", self._narrower(parameters, place, teacher))
        if parameters.kind != "offline" and Trait.INT8_ROUNDING in place.made:
            message = (
                'A teacher with int8 rounding cannot be trained further; set kind = "offline", or distil before it.'
            )
            yield place.error(message, "kind", place.set("kind", "offline", "Keep the teacher as it is"))
        if parameters.relation_weight and place.recipe.training.batch_size == 1:
            message = (
                "One image has no relation to others, so relation_weight has no effect with training.batch_size = 1."
            )
            yield place.warning(message, "relation_weight", place.set("relation_weight", 0.0, "Leave relations out"))
        if parameters.relation != "gram" and not parameters.relation_weight:
            weight = PUBLISHED_RELATION_WEIGHTS[parameters.relation]
            message = f"relation has no effect without a relation_weight; its authors use {weight:g}."
            repair = place.set("relation_weight", weight, f"Set the relation weight to {weight:g}")
            yield place.warning(message, "relation", repair)
        if parameters.without_teacher and parameters.control:
            message = "With α = 1 the teacher has no influence, so this step is its own control."
            yield place.note(message, "alpha", place.set("control", False, "Train no control"))

    def _narrower(
        self, parameters: KnowledgeDistillationParameters, place: StepPlace, teacher: LayerGraph
    ) -> Repair | None:
        """The widest of the usual students that is smaller than its teacher."""
        for width in STUDENT_WIDTHS:
            narrower = parameters.model_copy(update={"student_width": width})
            graph = self.graph(narrower, teacher, place.recipe, place.class_count)
            if width < parameters.student_width and graph.parameters < teacher.parameters:
                return place.set("student_width", width, f"Narrow the student to ×{width:g}")
        return None

    def apply(self, parameters: KnowledgeDistillationParameters, network: Network, context: StepContext) -> Network:
        from engine.contract.network_facts import NetworkFacts
        from engine.steps.knowledge_distillation.distillation import Distillation, joint
        from engine.training.keras_network import build_keras_network
        from engine.training.kernels import clone
        from engine.workbench.network import Network

        settings = _student_settings(parameters, context.recipe)
        graph = layer_graph(settings, network_input_shape(context.recipe.images.first), len(context.dataset.classes))
        student = build_keras_network(graph, context.recipe.seed ^ STUDENT_SEED)
        baseline = context.plan_from_random_weights(graph)
        rate = parameters.learning_rate or baseline.learning_rate
        plan = baseline.from_scratch(parameters.epochs, rate)
        if parameters.without_teacher:
            outcome = context.trainer.train(student, plan)
        else:
            learns = parameters.kind != "offline"
            teacher = clone(network.model) if learns else network.model
            labels = context.trainer.cross_entropy(student, plan)
            objective = Distillation(
                student,
                teacher,
                labels,
                parameters.alpha,
                parameters.temperature,
                parameters.hint_weight,
                learns,
                parameters.relation,
                parameters.relation_weight,
            )
            trained = joint(student, teacher) if learns else student
            outcome = context.trainer.train(trained, plan, objective=objective)
        facts = NetworkFacts(parameters=graph.parameters, trainable_parameters=graph.trainable_parameters())
        return Network(student, facts.after_training(outcome))

    def check_promise(self, parameters: KnowledgeDistillationParameters, network: Network, file: TfliteFile) -> None:
        found = sum(int(weights.size) for weights in network.model.get_weights())
        if found != network.facts.parameters:
            raise PromiseBroken(
                f"The student was promised with {network.facts.parameters:,} parameters, and has {found:,}; "
                "please report this with the run's log."
            )
        stored = sum(kernel.values.size for kernel in file.kernels)
        if stored > found:
            raise PromiseBroken(
                f"The student has {found:,} parameters, and its .tflite file {stored:,} kernel values; "
                "please report this with the run's log."
            )


def _student_settings(parameters: KnowledgeDistillationParameters, recipe: Recipe) -> BackboneSettings:
    """The student as a backbone that ends as its teacher does, with random weights."""
    if parameters.kind == "self":
        return recipe.backbone.model_copy(update={"weights": "", "freeze_base": False})
    return BackboneSettings(kind=parameters.student, width=parameters.student_width, output=recipe.backbone.output)
