"""Files that are wrong in one way each, made from good ones."""
import json
import struct


def safetensors(header, data=b"", size=None):
    """A file with this header (an object or raw bytes) and this data."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + data


def tensor(dtype="F32", shape=(2,), offsets=(0, 8), **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}


EIGHT = bytes(8)
# id -> contents of a safetensors file of that class.
SAFETENSORS = {
    "RND3001": [b"", b"1234567"],
    "RND3002": [safetensors({}, size=1 << 20), safetensors({"a": tensor()}, EIGHT, size=4096)],
    "RND3003": [safetensors({}, size=1 << 40)],
    "RND3004": [safetensors(b"[1, 2]"), safetensors(b"    ")],
    "RND3005": [safetensors(b'{"\xff": 1}')],
    "RND3006": [safetensors(b'{"a": }'), safetensors(b'{} x')],
    "RND3007": [safetensors(b'{"a": {"dtype":"F32","shape":[2],"data_offsets":[0,8]}, "a": {"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', EIGHT)],
    "RND3008": [safetensors({"a": tensor(colour="red")}, EIGHT)],
    "RND3009": [safetensors({"a": {"dtype": "F32", "shape": [2]}}, EIGHT)],
    "RND3010": [safetensors({"a": tensor(dtype="F33")}, EIGHT)],
    "RND3011": [safetensors({"a": tensor(shape=(-1,))}, EIGHT), safetensors(b'{"a": {"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}', EIGHT)],
    "RND3012": [safetensors({"a": tensor(shape=(1,) * 8 + (2,))}, EIGHT)],
    "RND3013": [safetensors({"a": tensor(shape=(1 << 40, 1 << 40))}, EIGHT)],
    "RND3014": [safetensors({"a": tensor(offsets=(8, 0))}, EIGHT)],
    "RND3015": [safetensors({"a": tensor(shape=(3,))}, EIGHT)],
    "RND3016": [safetensors({"a": tensor(offsets=(8, 16))}, bytes(16))],
    "RND3017": [safetensors({"a": tensor(), "b": tensor(offsets=(4, 12))}, bytes(12))],
    "RND3018": [safetensors({"a": tensor(shape=(4,), offsets=(0, 16))}, EIGHT)],
    "RND3019": [safetensors({"a": tensor()}, bytes(9))],
    "RND3020": [safetensors({"__metadata__": {"a": 1}})],
    "RND3022": [safetensors({"a": tensor(dtype="F4", shape=(3,), offsets=(0, 1))}, bytes(1))],
}

HEAD = 'spec.model @m {\n  spec.hyper @vocab = 16 in [2, 64]\n  %t = spec.input "tokens" tokens(@vocab)\n'
TAIL = '  spec.output "logits" %y\n}\n'
GOOD_LAYERS = '  %x = spec.embedding %t to(8) weight("e")\n  %y = spec.linear %x to(@vocab) weight("o")\n'
# id -> texts of a spec of that class.
SPECS = {
    "RND1001": [HEAD + "  spec.require " + "(" * 5000 + "1" + ")" * 5000 + ' == 1, "x"\n' + GOOD_LAYERS + TAIL],
    "RND1002": ["// " + "x" * (5 << 20) + "\n" + HEAD + GOOD_LAYERS + TAIL],
    "RND1003": [HEAD + GOOD_LAYERS + TAIL + "\0", HEAD + "// \udcff\n" + GOOD_LAYERS + TAIL, "ML\udcefR\1"],
    "RND1004": ["spec.model @m {\n", "nonsense"],
    "RND2101": [HEAD + '  %x = spec.embeding %t to(8) weight("e")\n  %y = spec.linear %x to(@vocab) weight("o")\n' + TAIL],
    "RND2102": [HEAD + GOOD_LAYERS.replace("%x to(@vocab)", "%z to(@vocab)") + TAIL, HEAD + GOOD_LAYERS.replace("@vocab", "@vocabulary") + TAIL],
    "RND2103": [HEAD + GOOD_LAYERS.replace("to(8)", "into(8)") + TAIL],
    "RND2104": [HEAD + GOOD_LAYERS.replace("to(8)", "to(-8)") + TAIL],
    "RND2105": [HEAD + GOOD_LAYERS.replace('weight("o")', 'weight("o") residual(%x)') + TAIL],
    "RND2106": [HEAD.replace("= 16", "= 1") + GOOD_LAYERS + TAIL],
    "RND2107": [HEAD + '  spec.require @vocab mod 3 == 0, "threes"\n' + GOOD_LAYERS + TAIL],
    "RND2111": [HEAD + GOOD_LAYERS + TAIL + HEAD + GOOD_LAYERS + TAIL],
}
GOOD_SPEC = HEAD + GOOD_LAYERS + TAIL
