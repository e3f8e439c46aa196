"""Options and help of each command, one file per command.

These modules import typer and nothing else of weight, so that help is printed at once. The module of the same name in
``cli`` does the work; a command imports it when it runs.
"""
