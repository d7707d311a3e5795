"""The engine on torch, transformers and bitsandbytes: the only place that knows them. Importing it imports none."""
