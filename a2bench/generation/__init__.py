"""The paper's recipe with open models: prompts, pictures, videos, screening, a data set version."""
