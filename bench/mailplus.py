"""Starts our server for a measurement: a temporary data folder, free ports, laboratory mode, users user1 to userN."""
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.path.join(ROOT, "MailPlus.Web", "bin", "run", "MailPlus.Web.dll")
LISTENERS = ["smtp", "submission", "smtps", "imap", "imaps", "pop3", "pop3s", "sieve", "web", "web-tls"]


def build():
    """Builds as run.sh does: compiled ahead where the compiler's package can be had."""
    publish = ["dotnet", "publish", os.path.join(ROOT, "MailPlus.Web"), "-c", "Release", "--nologo", "-v", "quiet", "-clp:NoSummary", "-o", os.path.dirname(PROGRAM)]
    if subprocess.run([*publish, "-p:CompileAhead=true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        subprocess.run(publish, check=True)


class Server:
    def __init__(self, users=50, password="password", domain="example.test"):
        self.home = tempfile.mkdtemp(prefix="mailplus-bench-")
        self.data = os.path.join(self.home, "data")
        self.process = None
        try:
            self.verb(["setup", "--domain", domain, "--hostname", "mail." + domain, "--admin", "admin", "--password-stdin"], "Bench-Admin-1\n")
            self.launch()
            for i in range(1, users + 1):
                self.verb(["account", "add", f"user{i}@{domain}", "--password-stdin"], password + "\n")
        except BaseException:
            self.close()
            raise

    def verb(self, words, text=""):
        r = subprocess.run(["dotnet", PROGRAM, *words, "--data", self.data], input=text, text=True, capture_output=True, timeout=120)
        if r.returncode:
            raise RuntimeError(f"{' '.join(words)}: {r.stdout}{r.stderr}")
        return r.stdout

    def launch(self):
        ports_file = os.path.join(self.home, "ports.json")
        command = ["dotnet", PROGRAM, "serve", "--data", self.data, "--ports-file", ports_file, "--loopback-lab"]
        for name in LISTENERS:
            command += ["--" + name, "127.0.0.1:0"]
        with open(os.path.join(self.home, "server.log"), "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.home)
        end = time.time() + 60
        while True:
            if self.process.poll() is not None or time.time() > end:
                with open(os.path.join(self.home, "server.log")) as log:
                    raise RuntimeError("the server did not start:\n" + log.read()[-4000:])
            try:
                with open(ports_file) as f:
                    self.ports = {k: int(str(v).rsplit(":", 1)[-1]) for k, v in json.load(f).items()}
                urllib.request.urlopen(f"http://127.0.0.1:{self.ports['web']}/health/ready", timeout=5).read()
                return
            except (OSError, ValueError, KeyError):
                time.sleep(0.1)

    def restart(self):
        """Stops and starts it again over the same data."""
        self.process.terminate()
        self.process.wait(60)
        os.remove(os.path.join(self.home, "ports.json"))
        self.launch()

    @property
    def target(self):
        p = self.ports
        return f"mailplus=127.0.0.1:{p['smtp']}:{p['imap']}:{p.get('pop3', 0)}:{p.get('imaps', 0)}:{self.process.pid}"

    def resident_mb(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return int(next(line for line in f if line.startswith("VmRSS:")).split()[1]) / 1024

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)
