// SPDX-License-Identifier: Apache-2.0
// The files of this folder as text, made by cmake/embed.cmake.
#pragma once

extern const char completion_bash[];
extern const char completion_zsh[];
extern const char completion_fish[];
