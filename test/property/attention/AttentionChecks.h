// What compiled attention must hold to, for tests and for faults that they must notice. Failures are
// GoogleTest's.
#pragma once

#include "test/property/attention/AttentionInputs.h"

namespace rondo::test {

// A random problem; lengths go across the edges of tiles and of a workgroup's span.
AttentionCase attentionCase(uint64_t seed, Random &random);
// One that goes on from earlier stretches.
AttentionCase steppedCase(Random &random, int64_t time);

// Arguments of an entry point: q, k, v, `further`, documents and, with caches, those.
std::vector<reference::NamedValue> attentionArguments(const AttentionCase &shape,
                                                      const std::vector<reference::NamedValue> &further = {},
                                                      bool withCaches = true);
// An entry point `forward` that gives o and lse.
std::string forwardEntry(const AttentionCase &shape);
// The same bits whether one thread runs all workgroups or three share them.
std::vector<std::vector<float>> runTwice(CompiledModule &module, const std::string &entry,
                                         std::vector<Buffer> inputs);

// o and lse, or dq, dk and dv of every backward kernel, agree with float64.
void checkForward(const AttentionCase &shape, Random &random, Mutation mutate = nullptr);
void checkGradients(const AttentionCase &shape, Random &random, Mutation mutate = nullptr);
// A cache has the rows of the open segment, and what it had elsewhere.
void checkAppendedRows(uint64_t seed, Mutation mutate = nullptr);

} // namespace rondo::test
