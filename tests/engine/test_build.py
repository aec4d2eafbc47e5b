"""The kernel cache: what is kept, rebuilt and refused."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gatework.engine import build as building
from gatework.errors import EngineError, StorageError

SOURCE = "#include <stdint.h>\nint64_t answer(void) { return %d; }\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "gatework" / "kernels"


def test_a_kernel_is_built_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert building.build(SOURCE % 42).answer() == 42
    (file,) = cache.glob("*.so")
    monkeypatch.setattr(building, "_compile", lambda *_: pytest.fail("compiled again"))
    assert building.build(SOURCE % 42).answer() == 42
    assert file.stat().st_mode & 0o022 == 0
    assert list(cache.iterdir()) == [file]


def test_other_source_is_another_kernel(cache: Path) -> None:
    assert [building.build(SOURCE % n).answer() for n in (1, 2)] == [1, 2]
    assert len(list(cache.glob("*.so"))) == 2


@pytest.mark.parametrize("damage", [lambda whole: whole[:-9], lambda whole: b"", lambda whole: b"x" + whole[1:]])
def test_a_damaged_kernel_is_built_again(damage, cache: Path) -> None:  # type: ignore[no-untyped-def]
    source = SOURCE % 7
    run_apart(source)
    (file,) = cache.glob("*.so")
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert building.build(source).answer() == 7
    assert building._content(file)


def run_apart(*sources: str) -> None:
    """Build in another process: a library damaged under the process that loaded it would crash that one."""
    code = "import sys; from gatework.engine.build import build; build(*sys.argv[1:]).answer()"
    subprocess.run([sys.executable, "-c", code, *sources], check=True, env=dict(os.environ), timeout=100)


CALLING = "#include <stdint.h>\nint64_t shared(void);\nint64_t answer(void) { return %d + shared(); }\n"
SHARED = '#include <stdint.h>\n__attribute__((visibility("hidden"))) int64_t shared(void) { return %d; }\n'


def test_what_kernels_have_in_common_is_compiled_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, make = [], building._make
    monkeypatch.setattr(building, "_make", lambda *given: made.append(given[1].suffix) or make(*given))
    assert [building.build(CALLING % n, SHARED % 40).answer() for n in (1, 2)] == [41, 42]
    assert made == [".o", ".so", ".so"]
    assert building.build(CALLING % 1, SHARED % 50).answer() == 51


def test_a_kernel_needs_no_other_file(cache: Path) -> None:
    run_apart(CALLING % 3, SHARED % 60)
    (part,) = cache.glob("*.o")
    part.unlink()
    assert building.build(CALLING % 3, SHARED % 60).answer() == 63
    assert not part.exists()


@pytest.mark.parametrize("damage", [lambda whole: whole[:-9], lambda whole: b"", lambda whole: b"x" + whole[1:]])
def test_a_damaged_common_part_is_compiled_again(damage, cache: Path) -> None:  # type: ignore[no-untyped-def]
    building.build(CALLING % 4, SHARED % 70)
    (part,) = cache.glob("*.o")
    whole = part.read_bytes()
    part.write_bytes(damage(whole))
    assert building.build(CALLING % 5, SHARED % 70).answer() == 75
    assert building._content(part) == whole[:-32]


def test_errors_in_the_common_part_are_quoted() -> None:
    with pytest.raises(EngineError, match="error: "):
        building.build(CALLING % 1, "int broken(void) { return nothing; }")


def test_several_build_the_same_at_once(cache: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(run_apart, [CALLING % 5] * 3, [SHARED % 5] * 3))
    assert sorted(file.suffix for file in cache.iterdir()) == [".o", ".so"]


def test_a_folder_that_others_can_write_is_refused(cache: Path) -> None:
    cache.mkdir(parents=True)
    cache.chmod(0o777)
    with pytest.raises(EngineError, match="only you can write"):
        building.build(SOURCE % 1)


def test_a_link_in_place_of_the_folder_is_refused(cache: Path, tmp_path: Path) -> None:
    cache.parent.mkdir()
    (tmp_path / "elsewhere").mkdir()
    cache.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EngineError, match="only you can write"):
        building.build(SOURCE % 1)


def test_a_file_in_place_of_the_folder_is_a_storage_error(cache: Path) -> None:
    cache.parent.mkdir()
    cache.write_text("")
    with pytest.raises((StorageError, EngineError), match="kernels"):
        building.build(SOURCE % 1)


def test_without_a_compiler_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "compiler", lambda: None)
    with pytest.raises(EngineError, match="ziglang"):
        building.build(SOURCE % 3)


def test_a_failing_compiler_is_quoted() -> None:
    with pytest.raises(EngineError, match="error: "):
        building.build("int broken(void) { return nothing; }")


def test_torchs_openmp_runtime_is_found_and_shared() -> None:
    import torch

    library = building.openmp_library()
    if library is None:
        pytest.skip("this build of torch has no OpenMP runtime of its own")
    source = "#include <omp.h>\nint teams(void) { int n = 0;\n#pragma omp parallel reduction(+:n)\n n++;\n return n; }"
    try:
        teams = building.build(source).teams()
    except EngineError:
        pytest.skip("the compiler does not come with OpenMP: kernels run on one thread")
    assert teams == torch.get_num_threads()
    maps = Path("/proc/self/maps").read_text()
    loaded = {line.split()[-1] for line in maps.splitlines() if "libgomp" in line.rsplit("/", 1)[-1]}
    assert len([path for path in loaded if "scikit_learn" not in path]) <= 1  # that one has a runtime of its own


def test_a_runtime_that_another_package_brought_is_not_taken_for_torchs() -> None:
    program = """
import sklearn.base, torch
from gatework.engine.build import openmp_library
before = openmp_library()
print(before)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
    assert said == str(building.openmp_library())
    assert "scikit_learn" not in said
