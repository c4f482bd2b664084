"""The native Pulumi plugin: ``LinkProvider`` for programs in any language.

``pulumi-resource-omise`` is the program that the engine starts, once for each provider of a stack.
This package translates between Pulumi's provider protocol and ``LinkProvider``, which decides all
there is to decide.
"""
