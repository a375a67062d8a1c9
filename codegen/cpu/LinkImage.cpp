// Lays out ELF object files as a flat image. With no imports there is nothing to resolve but distances
// between sections of one file, which needs no linker.
#include "codegen/cpu/MachineCode.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include <map>
#include <memory>
#include <vector>

namespace rondo::codegen {
namespace {

using namespace llvm::object;
namespace elf = llvm::ELF;
constexpr uint64_t kPage = 4096;

llvm::Error fault(const llvm::Twine &what) {
  return llvm::createStringError("code generator output: " + what);
}

class ImageLayout {
public:
  using Files = llvm::ArrayRef<std::unique_ptr<ELF64LEObjectFile>>;
  ImageLayout(Files files, CpuImage &image) : files(files), image(image) {}

  llvm::Error run() {
    for (SegmentAccess access : {SegmentAccess::Read, SegmentAccess::ReadExecute, SegmentAccess::ReadWrite})
      if (llvm::Error error = placeSections(access))
        return error;
    image.memoryBytes = next;
    for (const auto &file : files)
      for (const SectionRef &section : file->sections())
        if (llvm::Error error = relocateSection(section))
          return error;
    return findKernels();
  }

private:
  static bool isKept(const ELFSectionRef &section) {
    return (section.getFlags() & elf::SHF_ALLOC) && section.getType() != elf::SHT_X86_64_UNWIND &&
           section.getSize() > 0;
  }

  static SegmentAccess accessOf(const ELFSectionRef &section) {
    uint64_t flags = section.getFlags();
    return flags & elf::SHF_EXECINSTR ? SegmentAccess::ReadExecute
           : flags & elf::SHF_WRITE   ? SegmentAccess::ReadWrite
                                      : SegmentAccess::Read;
  }

  // A section among those of all files.
  using Key = std::pair<const void *, uint64_t>;
  static Key keyOf(const SectionRef &section) { return {section.getObject(), section.getIndex()}; }

  // All sections of one access, one after the other from a page boundary on.
  llvm::Error placeSections(SegmentAccess access) {
    uint64_t base = llvm::alignTo(next, kPage), end = base;
    uint64_t dataOffset = image.data.size();
    for (const auto &file : files)
      for (ELFSectionRef section : file->sections())
        if (isKept(section) && accessOf(section) == access)
          if (llvm::Error error = placeSection(section, base, dataOffset, end))
            return error;
    if (end == base)
      return llvm::Error::success();
    image.segments.push_back({base, llvm::alignTo(end - base, kPage), dataOffset, end - base, access});
    next = base + llvm::alignTo(end - base, kPage);
    return llvm::Error::success();
  }

  // At `end` of the segment from `base` on, which moves behind it.
  llvm::Error placeSection(const ELFSectionRef &section, uint64_t base, uint64_t dataOffset, uint64_t &end) {
    llvm::Expected<llvm::StringRef> bytes = section.getContents();
    if (!bytes)
      return bytes.takeError();
    uint64_t address = llvm::alignTo(end, section.getAlignment().value());
    uint64_t offset = dataOffset + address - base;
    end = address + section.getSize();
    addresses[keyOf(section)] = address;
    offsets[keyOf(section)] = offset;
    image.data.resize(dataOffset + end - base);
    if (section.getType() != elf::SHT_NOBITS)
      std::copy(bytes->begin(), bytes->end(), image.data.begin() + offset);
    return llvm::Error::success();
  }

  llvm::Expected<uint64_t> addressOf(const SymbolRef &symbol) {
    llvm::Expected<section_iterator> section = symbol.getSection();
    llvm::Expected<uint64_t> value = symbol.getValue();
    if (!section || !value)
      return fault("a symbol without a place");
    bool isDefined = *section != symbol.getObject()->section_end();
    auto home = isDefined ? addresses.find(keyOf(**section)) : addresses.end();
    if (home == addresses.end()) {
      llvm::Expected<llvm::StringRef> name = symbol.getName();
      return fault("undefined symbol " + (name ? *name : "?"));
    }
    return home->second + *value;
  }

  llvm::Error relocateSection(const SectionRef &table) {
    llvm::Expected<section_iterator> target = table.getRelocatedSection();
    if (!target)
      return target.takeError();
    if (*target == table.getObject()->section_end() || !addresses.count(keyOf(**target)))
      return llvm::Error::success();
    uint64_t base = addresses[keyOf(**target)], offset = offsets[keyOf(**target)];
    bool isWritable = accessOf(ELFSectionRef(**target)) == SegmentAccess::ReadWrite;
    for (ELFRelocationRef relocation : table.relocations()) {
      llvm::Expected<uint64_t> symbol = addressOf(*relocation.getSymbol());
      llvm::Expected<int64_t> addend = relocation.getAddend();
      if (!symbol)
        return symbol.takeError();
      if (!addend)
        return addend.takeError();
      uint64_t value = *symbol + *addend, place = base + relocation.getOffset();
      uint8_t *bytes = image.data.data() + offset + relocation.getOffset();
      switch (relocation.getType()) {
      case elf::R_X86_64_PC32:
      case elf::R_X86_64_PLT32:
        llvm::support::endian::write32le(bytes, static_cast<uint32_t>(value - place));
        break;
      case elf::R_X86_64_PC64:
        llvm::support::endian::write64le(bytes, value - place);
        break;
      case elf::R_X86_64_64:
        if (!isWritable)
          return fault("an absolute address in read-only memory");
        image.relocations.push_back({place, value});
        break;
      default:
        return fault("relocation type " + llvm::Twine(relocation.getType()));
      }
    }
    return llvm::Error::success();
  }

  llvm::Error findKernels() {
    std::map<llvm::StringRef, uint64_t> functions;
    for (const auto &file : files) {
      for (const ELFSymbolRef &symbol : file->symbols()) {
        llvm::Expected<llvm::StringRef> name = symbol.getName();
        if (!name || symbol.getELFType() != elf::STT_FUNC)
          continue;
        llvm::Expected<uint64_t> address = addressOf(symbol);
        if (!address)
          return address.takeError();
        functions[*name] = *address;
      }
    }
    for (CompiledKernel &kernel : image.kernels) {
      auto found = functions.find(kernel.symbol);
      if (found == functions.end())
        return fault("no function for kernel " + kernel.symbol);
      kernel.address = found->second;
    }
    return llvm::Error::success();
  }

  Files files;
  CpuImage &image;
  uint64_t next = 0;                 // end of the segments so far
  std::map<Key, uint64_t> addresses; // of sections in the image
  std::map<Key, uint64_t> offsets;   // of their bytes in image.data
};

} // namespace

llvm::Error linkImage(llvm::ArrayRef<llvm::ArrayRef<char>> objects, CpuImage &image) {
  std::vector<std::unique_ptr<ELF64LEObjectFile>> files;
  for (llvm::ArrayRef<char> object : objects) {
    llvm::MemoryBufferRef buffer(llvm::StringRef(object.data(), object.size()), "kernels");
    llvm::Expected<ELF64LEObjectFile> file = ELF64LEObjectFile::create(buffer);
    if (!file)
      return file.takeError();
    files.push_back(std::make_unique<ELF64LEObjectFile>(std::move(*file)));
  }
  return ImageLayout(files, image).run();
}

} // namespace rondo::codegen
