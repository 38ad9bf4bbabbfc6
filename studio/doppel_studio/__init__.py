# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws people from every side with Blender: the renderer `studio` of Doppel."""

#: Equal descriptions and an equal version give the same person: raise it with whatever changes a picture.
VERSION = "1"
