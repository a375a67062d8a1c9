// What a disk may hold after a power failure: of a file, what was synced and any part of what was written
// since; of a folder, the names that were synced and any number of the changes since, in their order.
#pragma once

#include "test/runtime/files/FileCalls.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace rondo::rt {

// Follows the calls under one folder, which is empty and durable when it begins.
class SimulatedDisk {
public:
  explicit SimulatedDisk(std::string root);

  // A disk that says so but syncs no files, or no folders: to see that a test would notice.
  bool filesAreSynced = true;
  bool foldersAreSynced = true;

  void follow(const FileCall &call);

  // Picks one of `count` states that lie between the synced one, 0, and the present one, count - 1.
  using Choose = std::function<size_t(size_t count)>;

  // Writes an image of the disk into `folder`, which must not exist. Names and data are chosen separately.
  void writeImage(const std::string &folder, const Choose &chooseNames, const Choose &chooseData) const;

private:
  using Names = std::map<std::string, size_t>; // to nodes
  struct Node {
    bool isFolder = false;
    std::vector<Names> names; // of a folder: synced, then after each change
    std::string data;         // of a file
    size_t synced = 0;        // bytes of it
  };

  // The folder of a path under the root, and the last part of the path.
  std::pair<size_t, std::string> locate(const std::string &path) const;
  size_t nodeAt(const std::string &path) const;
  Names &change(size_t folder); // its names, to be changed once
  void add(const std::string &path, bool isFolder);
  void writeNode(size_t node, const std::string &path, const Choose &chooseNames,
                 const Choose &chooseData) const;

  std::string root_;
  std::vector<Node> nodes_; // the root first
  std::map<int, size_t> open_;
};

} // namespace rondo::rt
