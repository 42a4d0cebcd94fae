// Headers that every translation unit needs; compiled once (see build.mjs).
#pragma once
#include <ATen/ATen.h>
#include <napi.h>
