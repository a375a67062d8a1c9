// Vectors of random words: Philox4x32-10 in registers.
#include "codegen/lowering/TileLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace rondo::codegen {
namespace {

constexpr int64_t kRounds = 10;
constexpr int64_t kMultipliers[] = {0xD2511F53, 0xCD9E8D57};
constexpr int64_t kWeyl[] = {0x9E3779B9, 0xBB67AE85}; // golden ratio, sqrt(3) - 1
constexpr int64_t kLow = 0xFFFFFFFF;

// A 32-bit word is kept in the low half of a 64-bit lane: a product of two is then one instruction.
class Philox {
public:
  // Values are i64, or vectors of so many.
  Philox(OpBuilder &builder, Location loc, int64_t lanes, Value seed, Value stream)
      : builder(builder), loc(loc), lanes(lanes), stream(stream), keys{low(seed), high(seed)} {}

  // Word n mod 4 of counter n div 4, lane by lane.
  Value words(Value n) {
    Value block = shift(n, 2), streams = spread(stream);
    Value counter[] = {low(block), high(block), low(streams), high(streams)};
    for (int64_t round = 0; round < kRounds; ++round) {
      Value product0 = multiply(counter[0], like(n, kMultipliers[0])),
            product1 = multiply(counter[2], like(n, kMultipliers[1]));
      Value first = exclusiveOr(exclusiveOr(high(product1), counter[1]), spread(key(round, 0)));
      Value third = exclusiveOr(exclusiveOr(high(product0), counter[3]), spread(key(round, 1)));
      counter[0] = first, counter[1] = low(product1), counter[2] = third, counter[3] = low(product0);
    }
    Value which = both(n, like(n, 3)), word = counter[0];
    for (int64_t i = 1; i < 4; ++i) {
      Value isIt = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, which, like(n, i));
      word = arith::SelectOp::create(builder, loc, isIt, counter[i], word);
    }
    return arith::TruncIOp::create(builder, loc, TileAccess::typeFor(builder.getI32Type(), lanes), word);
  }

  // All words of the `lanes` / 4 counters from `block` on. A lane of 64 bits holds two words of a counter,
  // (0, 1) or (2, 3): the products of words 0 and 2 are one vector product, which lies as the next round
  // wants it but for the order of the four words.
  Value consecutiveWords(Value block) {
    int64_t pairs = lanes / 2;
    Value blocks = add(repeat(block, pairs), pattern(pairs, [](int64_t i) { return i / 2; }));
    Value state = alternate(blocks, repeat(stream, pairs), pairs);
    Value multipliers = pattern(pairs, [](int64_t i) { return kMultipliers[i % 2]; });
    SmallVector<int64_t> reversed;
    for (int64_t i = 0; i < lanes; ++i)
      reversed.push_back(i ^ 3);
    for (int64_t round = 0; round < kRounds; ++round) {
      Value products = asWords(multiply(low(state), multipliers));
      Value turned = asPairs(vector::ShuffleOp::create(builder, loc, products, products, reversed), pairs);
      Value roundKeys = alternate(repeat(key(round, 0), pairs), repeat(key(round, 1), pairs), pairs);
      state = exclusiveOr(exclusiveOr(turned, high(state)), roundKeys);
    }
    return asWords(state);
  }

private:
  Value like(Value value, int64_t constant) {
    return arith::ConstantOp::create(builder, loc, attribute(value.getType(), constant));
  }
  static TypedAttr attribute(Type type, int64_t constant) {
    auto attr = IntegerAttr::get(getElementTypeOrSelf(type), constant);
    if (auto vector = dyn_cast<VectorType>(type))
      return DenseElementsAttr::get(vector, Attribute(attr));
    return attr;
  }
  template <typename Element> Value pattern(int64_t count, Element element) {
    SmallVector<int64_t> values;
    for (int64_t i = 0; i < count; ++i)
      values.push_back(element(i));
    auto type = VectorType::get({count}, builder.getI64Type());
    return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, ArrayRef(values)));
  }
  Value repeat(Value scalar, int64_t count) {
    return vector::BroadcastOp::create(builder, loc, VectorType::get({count}, scalar.getType()), scalar);
  }
  Value spread(Value scalar) { return lanes == 1 ? scalar : repeat(scalar, lanes); }
  // Even lanes of `a`, odd lanes of `b`.
  Value alternate(Value a, Value b, int64_t count) {
    SmallVector<int64_t> order;
    for (int64_t i = 0; i < count; ++i)
      order.push_back(i % 2 ? count + i : i);
    return vector::ShuffleOp::create(builder, loc, a, b, order);
  }
  Value asWords(Value pairs) {
    return vector::BitCastOp::create(builder, loc, VectorType::get({lanes}, builder.getI32Type()), pairs);
  }
  Value asPairs(Value words, int64_t count) {
    return vector::BitCastOp::create(builder, loc, VectorType::get({count}, builder.getI64Type()), words);
  }

  Value key(int64_t round, unsigned half) {
    Value bump = like(keys[half], (round * kWeyl[half]) & kLow);
    return low(add(keys[half], bump));
  }
  Value add(Value a, Value b) { return arith::AddIOp::create(builder, loc, a, b); }
  Value multiply(Value a, Value b) { return arith::MulIOp::create(builder, loc, a, b); }
  Value both(Value a, Value b) { return arith::AndIOp::create(builder, loc, a, b); }
  Value exclusiveOr(Value a, Value b) { return arith::XOrIOp::create(builder, loc, a, b); }
  Value shift(Value a, int64_t bits) { return arith::ShRUIOp::create(builder, loc, a, like(a, bits)); }
  Value low(Value a) { return both(a, like(a, kLow)); }
  Value high(Value a) { return shift(a, 32); }

  OpBuilder &builder;
  Location loc;
  int64_t lanes;
  Value stream;
  Value keys[2];
};

} // namespace

Value TileLowering::emitRandomBits(tile::RandomBitsOp op, const TilePoint &point) {
  int64_t width = op.getWidth();
  Value row = access().add(scalar(op.getRow()), point.row),
        column = access().add(scalar(op.getColumn()), point.column);
  Type i64 = builder.getI64Type();
  Value first = access().add(access().multiply(row, width), column);
  first = arith::IndexCastOp::create(builder, loc, i64, first);
  Philox philox(builder, loc, point.lanes, scalar(op.getSeed()), scalar(op.getStream()));
  if (op.getAligned() && !point.down && point.lanes % 4 == 0) {
    Value two = arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(2));
    return philox.consecutiveWords(arith::ShRUIOp::create(builder, loc, first, two));
  }
  if (point.lanes == 1)
    return philox.words(first);
  SmallVector<int64_t> steps;
  for (int64_t lane = 0; lane < point.lanes; ++lane)
    steps.push_back(lane * (point.down ? width : 1));
  auto vector = VectorType::get({point.lanes}, i64);
  Value lanes = arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(vector, ArrayRef(steps)));
  Value numbers = vector::BroadcastOp::create(builder, loc, vector, first);
  return philox.words(arith::AddIOp::create(builder, loc, numbers, lanes));
}

} // namespace rondo::codegen
