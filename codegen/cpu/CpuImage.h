// The machine code of a module's kernels as plain data: a flat position-independent image.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rondo::codegen {

enum class SegmentAccess : uint8_t { Read, ReadWrite, ReadExecute };

// A page-aligned part of the image; memory beyond its data is zero.
struct ImageSegment {
  uint64_t address;     // from the image base, multiple of 4096
  uint64_t memoryBytes; // >= dataBytes
  uint64_t dataOffset;  // into CpuImage::data
  uint64_t dataBytes;
  SegmentAccess access;
};

// The loader writes image base + addend, 8 bytes, at `address`.
struct ImageRelocation {
  uint64_t address;
  uint64_t addend;
};

struct CompiledKernel {
  std::string symbol;    // of the tile.kernel
  uint64_t address;      // entry point (rondo_kernel_fn), from the image base
  uint64_t scratchBytes; // per worker, multiple of 64
};

struct CpuImage {
  std::vector<uint8_t> data;
  std::vector<ImageSegment> segments; // ascending addresses, no overlap
  std::vector<ImageRelocation> relocations;
  uint64_t memoryBytes = 0;            // span of all segments
  std::vector<CompiledKernel> kernels; // in the order of the module
};

} // namespace rondo::codegen
