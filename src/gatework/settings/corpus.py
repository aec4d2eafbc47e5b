from gatework.data.config import CorpusConfig as CorpusConfig
from gatework.data.config import Level as Level
