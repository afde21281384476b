"""Measuring a language model on text held out of its training, and comparing it with simpler predictors.

Words: *bits per byte* is the cost of a text under a predictor, in bits, by the bytes of the text (so that models with
different tokenizers, and compressors, can be compared); a *rival* is a predictor the model must beat. No Django.
"""
