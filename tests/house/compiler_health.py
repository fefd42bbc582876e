"""A compiler that destroys coroutine temporaries twice is refused when the project is configured, with a reason."""
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def configure(*arguments):
    """Configures only the compiler check, in a folder of its own; gives the exit code and what was said."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "CMakeLists.txt")
        (Path(folder, "cmake")).symlink_to(ROOT / "cmake")
        project.write_text("cmake_minimum_required(VERSION 3.25)\nproject(health CXX)\ninclude(cmake/CompilerHealth.cmake)\n")
        command = ["cmake", "-G", "Ninja", "-S", folder, "-B", f"{folder}/build", *arguments]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        return done.returncode, done.stdout


def refusal(code, said):
    """What is wrong with a refusal; empty when it is one and says why."""
    wanted = ["miscompiles C++20 coroutines", "aggregate_in_await", "lambda_in_await", "Use clang 19"]
    missing = [text for text in wanted if text not in said]
    if code == 0:
        return ["the compiler was accepted"]
    return [f"the refusal does not say: {text}" for text in missing]


def check():
    code, said = configure("-DCMAKE_CXX_COMPILER=clang++-19")
    violations = [f"clang++-19 is refused: {line}" for line in said.splitlines()] if code != 0 else []
    if shutil.which("g++"):
        version = subprocess.run(["g++", "-dumpversion"], capture_output=True, text=True, check=True).stdout.strip()
        if version.split(".")[0] == "12":
            violations += [f"g++ 12: {line}" for line in refusal(*configure("-DCMAKE_CXX_COMPILER=g++"))]
    return violations


def self_test():
    return refusal(*configure("-DCMAKE_CXX_COMPILER=clang++-19", "-DSOFA_COMPILER_HEALTH_FLAGS=-DSOFA_HEALTH_PLANT"))
