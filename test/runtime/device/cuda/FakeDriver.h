/* A stand-in for NVIDIA's driver that works in host memory: a shared library with the driver's symbols and
 * these. It keeps an eye on every call: contexts current, handles alive, copies and parameters inside of
 * memory, launches within limits, rules of recording. Kernels are those of the sample model, known by name.
 */
#pragma once

extern "C" {
/* Forgets everything and reads: GPUs, their architecture as 10 * major + minor. */
void fakeReset(int gpus, int architecture);
/* The nth call (from 1) of `symbol` returns `result` instead of doing anything. */
void fakeFail(const char *symbol, int nth, int result);
/* Bytes that can still be allocated. */
void fakeMemoryLimit(unsigned long long bytes);
/* What was done that must not be, a line each; empty if nothing. */
const char *fakeViolations();
/* What has not been given back: memory, modules, streams, events, graphs, contexts. */
int fakeLiveObjects();
/* How often `symbol` was called since the last reset. */
int fakeCalls(const char *symbol);
/* What the last module was loaded from, up to a zero byte. */
const char *fakeLastModuleCode();
}
