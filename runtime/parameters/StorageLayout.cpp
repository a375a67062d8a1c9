// Storage layouts, a piece at a time.
#include "runtime/parameters/StorageLayout.h"

#include "runtime/parameters/Panels.h"

#include <algorithm>

namespace rondo::rt {
namespace {

// Elements moved at a time where the layout does not say.
constexpr uint64_t kPieceElements = 1 << 16;

} // namespace

absl::Status fillStorage(const ParameterInfo &info, absl::Span<float> storage, const ReadElements &read) {
  if (info.layout == format::Layout::RowMajor) {
    for (uint64_t first = 0; first < storage.size(); first += kPieceElements)
      RONDO_RETURN_IF_ERROR(read(first, storage.subspan(first, kPieceElements)));
    return absl::OkStatus();
  }
  uint64_t rows = info.shape[0], columns = info.shape[1], panel = info.panel;
  std::vector<float> piece(std::min(panel, rows) * columns);
  for (uint64_t row = 0; row < rows; row += panel) {
    uint64_t count = std::min(panel, rows - row);
    RONDO_RETURN_IF_ERROR(read(row * columns, absl::MakeSpan(piece).first(count * columns)));
    packPanel(piece.data(), count, columns, panel, storage.data() + row * columns);
  }
  return absl::OkStatus();
}

absl::Status visitStorage(const ParameterInfo &info, absl::Span<const float> storage,
                          const WriteElements &write) {
  if (info.layout == format::Layout::RowMajor)
    return write(storage);
  uint64_t rows = info.shape[0], columns = info.shape[1], panel = info.panel;
  std::vector<float> piece(std::min(panel, rows) * columns);
  for (uint64_t row = 0; row < rows; row += panel) {
    uint64_t count = std::min(panel, rows - row);
    unpackPanel(storage.data() + row * columns, count, columns, panel, piece.data());
    RONDO_RETURN_IF_ERROR(write(absl::MakeConstSpan(piece).first(count * columns)));
  }
  return absl::OkStatus();
}

} // namespace rondo::rt
