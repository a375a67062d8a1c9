// Reads the tensors of a conformance file, unrounded.
#include "test/evaluator/VectorFile.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cstring>

template <typename Element> static double readElement(const char *begin, size_t index) {
  Element element;
  std::memcpy(&element, begin + index * sizeof element, sizeof element);
  return static_cast<double>(element);
}

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
    std::string type = fields.getString("dtype")->str();
    for (size_t i = 0; i < tensor.data.size(); ++i)
      tensor.data[i] = type == "I64"   ? readElement<int64_t>(begin, i)
                       : type == "F32" ? readElement<float>(begin, i)
                                       : readElement<double>(begin, i);
    tensors[name.str()] = std::move(tensor);
  }
  return tensors;
}
