"""The audit trail's bytes: canonical JSON, lines, hashes, the Merkle tree, keys."""

import json
import stat
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from workflow import ledger
from workflow.ledger import ZERO, LedgerError, canonical, entry_line, format_time

AT = datetime(2026, 11, 24, 7, 2, 49, 123456, UTC)
SOME_HASH = "ab" * 32
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | text,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def entry(**changes):
    return entry_line(
        **{
            "case": "untoc-1/XAB",
            "seq": 1,
            "at": AT,
            "actor": {"id": "u-1", "role": "focal_point", "capacity": "reviewed", "state": "XAB"},
            "action": "review.submit_self_assessment",
            "obj": {"type": "review", "id": "r-1"},
            "from_stage": "self_assessment",
            "to_stage": "desk_review",
            "digest": SOME_HASH,
            "prev": ZERO,
            **changes,
        }
    )


class TestCanonicalJson:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ({"b": 1, "a": [True, False, None]}, b'{"a":[true,false,null],"b":1}'),
            ({"B": 0, "a": 0, "_": 0, "A1": 0}, b'{"A1":0,"B":0,"_":0,"a":0}'),
            ("é€\U0001f600\u2028/", '"é€\U0001f600\u2028/"'.encode()),
            ('\x00\x08\t\n\x0c\r\x1f"\\\x7f', b'"\\u0000\\b\\t\\n\\f\\r\\u001f\\"\\\\\x7f"'),
            ("e\u0301", b'"e\xcc\x81"'),
            ((1, -2, 2**53 - 1), b"[1,-2,9007199254740991]"),
            ({}, b"{}"),
        ],
    )
    def test_is_rfc_8785(self, value, expected):
        assert canonical(value) == expected

    @pytest.mark.parametrize(
        "value",
        [
            1.0,
            float("nan"),
            [0.5],
            2**53,
            -(2**53),
            {"é": 1},
            {1: 1},
            {None: 1},
            "\ud800",
            {"a": ["\udfff"]},
            b"bytes",
            {1, 2},
            AT,
        ],
    )
    def test_refuses_what_has_no_place(self, value):
        with pytest.raises(LedgerError):
            canonical(value)

    @given(json_values)
    def test_reads_back_and_is_stable(self, value):
        data = canonical(value)
        assert json.loads(data) == value
        assert canonical(json.loads(data)) == data


class TestTime:
    def test_has_six_decimals_and_is_in_utc(self):
        assert format_time(AT.replace(microsecond=0)) == "2026-11-24T07:02:49.000000Z"
        assert format_time(AT.astimezone(timezone(timedelta(hours=13)))) == "2026-11-24T07:02:49.123456Z"
        assert format_time(datetime(26, 1, 2, tzinfo=UTC)) == "0026-01-02T00:00:00.000000Z"

    def test_needs_a_time_zone(self):
        with pytest.raises(LedgerError, match="time zone"):
            format_time(AT.replace(tzinfo=None))


class TestContent:
    def test_digest_is_that_of_content_and_salt(self):
        salt = "01" * 32
        data = f'{{"content":{{"reason":"é"}},"salt":"{salt}"}}'.encode()
        assert ledger.content_digest({"reason": "é"}, salt) == sha256(data).hexdigest()

    def test_salts_are_64_hex_digits_and_never_the_same(self):
        salts = {ledger.new_salt() for _ in range(100)}
        assert len(salts) == 100
        assert all(len(salt) == 64 and int(salt, 16) >= 0 for salt in salts)

    @pytest.mark.parametrize("salt", ["", "ab", "AB" * 32, "ab" * 32 + "\n"])
    def test_refuses_another_salt(self, salt):
        with pytest.raises(LedgerError):
            ledger.content_digest({}, salt)


class TestEntry:
    def test_is_byte_for_byte_what_the_format_says(self):
        body = (
            '{"action":"review.submit_self_assessment","actor":{"capacity":"reviewed","id":"u-1",'
            '"role":"focal_point","state":"XAB"},"at":"2026-11-24T07:02:49.123456Z","case":"untoc-1/XAB",'
            f'"digest":"{SOME_HASH}","from":"self_assessment"%s,"object":{{"id":"r-1","type":"review"}},'
            f'"prev":"{ZERO}","seq":1,"to":"desk_review","type":"entry","v":1}}'
        )
        expected = sha256((body % "").encode()).hexdigest()
        line = entry()
        assert line.hash == expected
        assert line.data == (body % f',"hash":"{expected}"').encode()

    @given(st.lists(text, min_size=4, max_size=4), st.lists(text | st.none(), min_size=3, max_size=3))
    def test_is_canonical_whatever_the_text(self, texts, nullable):
        action, role, kind, id_ = texts
        capacity, from_stage, to_stage = nullable
        line = entry(
            action=action,
            actor={"id": id_, "role": role, "capacity": capacity, "state": None},
            obj={"type": kind, "id": id_},
            from_stage=from_stage,
            to_stage=to_stage,
            digest=None,
            seq=2,
            prev=SOME_HASH,
        )
        read = json.loads(line.data)
        assert canonical(read) == line.data
        assert read.pop("hash") == line.hash == sha256(canonical(read)).hexdigest()
        assert (read["action"], read["from"], read["to"]) == (action, from_stage, to_stage)

    @pytest.mark.parametrize(
        "changes",
        [
            {"case": "untoc-1/xab"},
            {"case": "untoc-1/XABC"},
            {"case": "UNTOC/XAB"},
            {"case": "untoc-1/XAB\n"},
            {"case": "XAB"},
            {"seq": 0},
            {"seq": True},
            {"seq": 2**53, "prev": SOME_HASH},
            {"seq": 2},
            {"prev": SOME_HASH},
            {"prev": "0" * 63},
            {"digest": "AB" * 32},
            {"digest": ""},
            {"at": AT.replace(tzinfo=None)},
            {"action": "\ud800"},
        ],
    )
    def test_refuses_what_is_not_of_the_format(self, changes):
        with pytest.raises(LedgerError):
            entry(**changes)

    def test_cases_without_a_state(self):
        assert b'"case":"system/_"' in entry(case="system/_", actor=ledger.SYSTEM).data


class TestCheckpoints:
    key = Ed25519PrivateKey.generate()

    def checkpoint(self, **changes):
        return ledger.checkpoint_line(
            **{
                "checkpoint": 1,
                "at": AT,
                "cases": 1,
                "entries": 1,
                "root": SOME_HASH,
                "prev": ZERO,
                "key": self.key,
                **changes,
            }
        )

    def test_heads_are_sorted_by_case(self):
        line = ledger.heads_line(checkpoint=3, heads=[("b/XAB", 2, SOME_HASH), ("a/_", 1, SOME_HASH)])
        assert (
            line.data
            == (
                f'{{"checkpoint":3,"hash":"{line.hash}","heads":[{{"case":"a/_","hash":"{SOME_HASH}","seq":1}},'
                f'{{"case":"b/XAB","hash":"{SOME_HASH}","seq":2}}],"type":"heads","v":1}}'
            ).encode()
        )

    @pytest.mark.parametrize(
        "heads",
        [
            [("a/_", 1, SOME_HASH), ("a/_", 2, SOME_HASH)],
            [("A", 1, SOME_HASH)],
            [("a/_", 0, SOME_HASH)],
            [("a/_", 1, "")],
        ],
    )
    def test_heads_of_another_shape_are_refused(self, heads):
        with pytest.raises(LedgerError):
            ledger.heads_line(checkpoint=1, heads=heads)

    @pytest.mark.parametrize("extra", [{}, {"next_key": "cd" * 32}, {"restored": {"lost_from": 1, "note": "ñ"}}])
    def test_signature_covers_the_line_without_sig_and_hash(self, extra):
        line = self.checkpoint(**extra)
        read = json.loads(line.data)
        assert canonical(read) == line.data
        assert read.pop("hash") == line.hash == sha256(canonical(read)).hexdigest()
        signature = bytes.fromhex(read.pop("sig"))
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(read["key"]))
        public.verify(signature, canonical(read))
        assert ("restored" in read) == ("restored" in extra)
        assert read["next_key"] == extra.get("next_key")

    @pytest.mark.parametrize(
        "changes",
        [
            {"checkpoint": 0},
            {"checkpoint": 2},
            {"prev": SOME_HASH},
            {"root": "00"},
            {"next_key": "x"},
            {"cases": -1},
            {"restored": {"lost_from": 0, "note": ""}},
        ],
    )
    def test_another_shape_is_refused(self, changes):
        with pytest.raises(LedgerError):
            self.checkpoint(**changes)

    def test_inclusion(self):
        line = ledger.inclusion_line(checkpoint=4, case="a/XAB", leaf=17, size=191, path=[b"\x01" * 32])
        assert (
            line.data
            == (
                f'{{"case":"a/XAB","checkpoint":4,"hash":"{line.hash}","leaf":17,"path":["{"01" * 32}"],'
                '"size":191,"type":"inclusion","v":1}'
            ).encode()
        )
        with pytest.raises(LedgerError):
            ledger.inclusion_line(checkpoint=4, case="a/XAB", leaf=191, size=191, path=[])


def tree_hash(leaves):
    """Return the tree hash as RFC 6962 section 2.1 defines it, by recursion."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + tree_hash(leaves[:split]) + tree_hash(leaves[split:])).digest()


class TestMerkleTree:
    @pytest.mark.parametrize(
        ("size", "root"),
        [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ],
    )
    def test_published_vectors_of_certificate_transparency(self, size, root):
        leaves = [
            bytes.fromhex(leaf)
            for leaf in (
                "",
                "00",
                "10",
                "2021",
                "3031",
                "40414243",
                "5051525354555657",
                "606162636465666768696a6b6c6d6e6f",
            )
        ]
        assert ledger.merkle_root(leaves[:size]).hex() == root

    @pytest.mark.parametrize("size", [*range(34), 100, 191])
    def test_is_the_recursive_definition_and_every_path_holds(self, size):
        leaves = [b"leaf %d" % number for number in range(size)]
        root = ledger.merkle_root(leaves)
        assert root == tree_hash(leaves)
        for index in range(size):
            path = ledger.audit_path(leaves, index)
            assert ledger.path_holds(leaves[index], index, size, path, root)
            assert not ledger.path_holds(b"other", index, size, path, root)
            assert not ledger.path_holds(leaves[index], (index + 1) % size, size, path, root) or size == 1
            assert not ledger.path_holds(leaves[index], index, size, [*path, root], root)
            assert not path or not ledger.path_holds(leaves[index], index, size, path[:-1], root)

    def test_there_is_no_path_outside(self):
        with pytest.raises(LedgerError):
            ledger.audit_path([b"a"], 1)
        assert not ledger.path_holds(b"a", 1, 1, [], ledger.merkle_root([b"a"]))

    def test_leaf(self):
        assert ledger.leaf("a/XAB", 3, SOME_HASH) == f'{{"case":"a/XAB","hash":"{SOME_HASH}","seq":3}}'.encode()


class TestKeys:
    def test_a_key_is_kept_for_its_owner_only_and_read_back(self, tmp_path):
        path = tmp_path / "audit.pem"
        key = ledger.generate_key(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert ledger.public_hex(ledger.load_key(path)) == ledger.public_hex(key)
        assert [file.name for file in tmp_path.iterdir()] == ["audit.pem"]

    def test_an_existing_file_is_never_replaced(self, tmp_path):
        path = tmp_path / "audit.pem"
        path.write_text("mine")
        with pytest.raises(FileExistsError):
            ledger.generate_key(path)
        assert path.read_text() == "mine"
        assert [file.name for file in tmp_path.iterdir()] == ["audit.pem"]

    def test_anything_else_is_refused(self, tmp_path):
        path = tmp_path / "audit.pem"
        path.write_text("no key")
        with pytest.raises(ledger.KeyFileError, match="PEM"):
            ledger.load_key(path)
        path.write_bytes(
            generate_private_key(SECP256R1()).private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        with pytest.raises(ledger.KeyFileError, match="another kind"):
            ledger.load_key(path)
        path.write_bytes(
            Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(b"secret"),
            )
        )
        with pytest.raises(ledger.KeyFileError, match="unencrypted"):
            ledger.load_key(path)
        with pytest.raises(FileNotFoundError):
            ledger.load_key(tmp_path / "none")
