"""The sandbox's registries: synthetic people, four servers that misbehave on request, a journal of every call.

They stand on `signing` and `schemas` alone, and nobody imports them: the sandbox starts
`python -m mocks` as a process (DESIGN section 1).
"""
