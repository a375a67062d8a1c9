// Reads the float64 tensors of a conformance file, unrounded.
#include "test/evaluator/VectorFile.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cstring>

std::map<std::string, rondo::reference::Tensor> rondo::reference::readVectors(const std::string &path) {
  auto file = llvm::cantFail(llvm::errorOrToExpected(llvm::MemoryBuffer::getFile(path, false, false)));
  uint64_t headerSize = 0;
  std::memcpy(&headerSize, file->getBufferStart(), sizeof headerSize);
  const char *data = file->getBufferStart() + sizeof headerSize + headerSize;
  llvm::json::Value header =
      llvm::cantFail(llvm::json::parse(file->getBuffer().substr(sizeof headerSize, headerSize)));
  std::map<std::string, Tensor> tensors;
  for (const auto &[name, entry] : *header.getAsObject()) {
    const llvm::json::Object &fields = *entry.getAsObject();
    if (!fields.getArray("shape"))
      continue; // __metadata__
    std::vector<int64_t> shape;
    for (const llvm::json::Value &size : *fields.getArray("shape"))
      shape.push_back(*size.getAsInteger());
    Tensor tensor(shape);
    const char *begin = data + *(*fields.getArray("data_offsets"))[0].getAsInteger();
    bool integers = fields.getString("dtype") == "I64";
    for (size_t i = 0; i < tensor.data.size(); ++i) {
      int64_t integer;
      std::memcpy(&integer, begin + i * sizeof integer, sizeof integer);
      std::memcpy(&tensor.data[i], begin + i * sizeof integer, sizeof integer);
      if (integers)
        tensor.data[i] = static_cast<double>(integer);
    }
    tensors[name.str()] = std::move(tensor);
  }
  return tensors;
}
