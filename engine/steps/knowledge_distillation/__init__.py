"""Knowledge distillation: a small student network learns from the network so far, its teacher."""

from engine.steps.knowledge_distillation.parameters import KnowledgeDistillationParameters
from engine.steps.knowledge_distillation.step import KnowledgeDistillation

__all__ = ["KnowledgeDistillation", "KnowledgeDistillationParameters"]
