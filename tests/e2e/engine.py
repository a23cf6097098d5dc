"""A container engine of the tests' own: a private dockerd with an image made from busybox."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from waiting import wait_until

START_LIMIT = 40
PROGRAMS = ("sh", "cat", "dd", "echo", "env", "false", "hostname", "id", "ls", "sleep", "touch", "tr", "true")


def why_not() -> str:
    """Why no engine can be started here; empty when one can."""
    if os.geteuid() != 0:
        return "a dockerd of its own needs root"
    missing = [name for name in ("dockerd", "docker", "busybox") if shutil.which(name) is None]
    return f"not installed: {', '.join(missing)}" if missing else ""


class Engine:
    """Owns a dockerd with data, socket and pid file below a folder; `close` ends it."""

    def __init__(self, folder: Path, gpus: int = 0, programs: Path | None = None) -> None:
        """With `gpus` it gives out so many devices that stand in for GPUs; `programs`: a folder of hooks of the test's own."""
        self.folder = folder
        self.gpus = gpus
        self.programs = programs
        self.socket = folder / "docker.sock"
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        """Starts it, or starts it again, and waits until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = dict(os.environ)
        if hooks := self.make_hook() if self.gpus else self.programs:
            environment["PATH"] = f"{hooks}:{environment['PATH']}"
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["dockerd", "--data-root", str(self.folder / "data"), "--exec-root", str(self.folder / "exec"),
                 "--pidfile", str(self.folder / "pid"), "--host", f"unix://{self.socket}",
                 "--bridge=none", "--iptables=false", "--ip-masq=false"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
            )
        wait_until(lambda: self.docker("version").returncode == 0, "dockerd answers", START_LIMIT)

    def make_hook(self) -> Path:
        """The stand-in for NVIDIA's hook; the folder that it is in."""
        folder = self.folder / "hooks"
        folder.mkdir(exist_ok=True)
        hook = folder / "nvidia-container-runtime-hook"
        hook.write_text((Path(__file__).parent.parent / "support" / "nvidia_hook").read_text().replace("COUNT", str(self.gpus)))
        hook.chmod(0o755)
        return folder

    def docker(self, *words: str, **more) -> subprocess.CompletedProcess:
        """Runs docker's own client against it."""
        return subprocess.run(
            ["docker", "-H", f"unix://{self.socket}", *words], capture_output=True, timeout=START_LIMIT, check=False, **more
        )

    def make_image(self, name: str) -> None:
        """An image of busybox and its names."""
        archive = self.folder / "root.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(shutil.which("busybox"), "bin/busybox")
            for program in PROGRAMS:
                link = tarfile.TarInfo(f"bin/{program}")
                link.type = tarfile.SYMTYPE
                link.linkname = "busybox"
                tar.addfile(link)
        with archive.open("rb") as data:
            made = self.docker("import", "-", name, stdin=data)
        assert made.returncode == 0, made.stderr

    def unmount_what_it_left(self) -> None:
        """An engine ends without unmounting its name spaces, and then its folder cannot be removed."""
        mounts = [row.split()[1] for row in Path("/proc/mounts").read_text().splitlines()]
        for place in reversed([mount for mount in mounts if Path(mount).is_relative_to(self.folder)]):
            subprocess.run(["umount", "--lazy", place], check=False)

    def __enter__(self) -> Engine:
        """Starts it; it does not outlive a start that fails either."""
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends it and whatever containers are left."""
        if self.process is None:
            return
        left = self.docker("ps", "-aq").stdout.decode().split()
        if left:
            self.docker("rm", "-f", *left)
        self.process.terminate()
        self.process.wait(START_LIMIT)
        self.unmount_what_it_left()
