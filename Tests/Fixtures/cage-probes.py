# Ways out of a cage, to read, reach and exhaust. Each is a function that answers evidence when it got through, and
# nothing, or an error, when it was refused. The test sets HOST to facts about the machine outside, and calls `probe`.
import ctypes, errno, os, platform, resource, socket, subprocess, sys, threading, time

C = ctypes.CDLL(None, use_errno=True)
X86 = platform.machine() == "x86_64"
CLONE_NEWUSER = 0x10000000


def call(numbers, *arguments):
    """A system call by its numbers on x86-64 and on 64-bit ARM; the error it ends with is raised."""
    arguments = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    answer = C.syscall(ctypes.c_long(numbers[0 if X86 else 1]), *arguments)
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return answer or "it answered 0"


def text(path):
    with open(path, "rb") as file:
        return file.read(1 << 20).decode("utf-8", "replace")


def of_each_process(name):
    found = ""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            found += text(f"/proc/{pid}/{name}")
        except OSError:
            pass
    return found


# ---- read -------------------------------------------------------------------------------------------------------------

def read_passwords():
    return text("/etc/shadow")

def read_environment_of_the_server():
    return HOST["secret"] in of_each_process("environ") + repr(os.environ)

def read_arguments_of_the_server():
    return any(word in of_each_process("cmdline") for word in ("llama-stack", "--ro-bind", HOST["folder"]))

def read_distribution():
    return text(HOST["folder"] + "/dist.yaml")

def read_paths_of_the_host():
    mounts = of_each_process("mountinfo") + of_each_process("mounts")
    return HOST["folder"] in mounts or "/root" in mounts or "/home" in mounts

def read_home_folders():
    return [name for name in ("/root", "/home", "/var", "/etc/ssl", "/opt", "/srv", "/run", "/boot", "/sys")
            if os.path.exists(name)]

def read_files_of_other_runs():
    return [name for name in os.listdir("/job") + os.listdir("/tmp") if name != ".matplotlib"]

def read_processes_of_the_host():
    return [pid for pid in filter(str.isdigit, os.listdir("/proc")) if int(pid) > 8]

def read_inherited_descriptors():
    kinds = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if int(fd) < 9]
    return [kind for kind in kinds if not kind.startswith("pipe:") and kind != "/dev/null"]

def read_memory_of_the_machine():
    for name in ("/dev/mem", "/dev/kmem", "/proc/kcore", "/dev/sda", "/dev/vda"):
        try:
            return open(name, "rb").read(1)
        except OSError as error:
            refused = error
    raise refused

def read_log_of_the_kernel():
    return call((103, 116), 3, ctypes.create_string_buffer(4096), 4096)

def read_keyring_of_the_session():
    return call((250, 219), 6, -3, ctypes.create_string_buffer(4096), 4096)

def read_memory_of_the_first_process():
    class Part(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
    ours = ctypes.create_string_buffer(8)
    here, there = Part(ctypes.addressof(ours), 8), Part(0x400000, 8)
    return call((310, 270), 1, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)


# ---- reach ------------------------------------------------------------------------------------------------------------

def connect(address):
    with socket.create_connection(address, timeout=2):
        return True

def reach_internet():
    return connect(("1.1.1.1", 443))

def reach_metadata_of_a_cloud():
    return connect(("169.254.169.254", 80))

def reach_server_on_loopback():
    return connect(("127.0.0.1", HOST["port"]))

def reach_names():
    return socket.getaddrinfo("example.com", 443)

def reach_sockets_of_the_host():
    return [line for line in text("/proc/net/unix").splitlines()[1:] if line]

def reach_other_families():
    opened = []
    for family in (16, 17, 38, 40, 31, 15):  # netlink, packets, algorithms, vsock, Bluetooth, keys
        try:
            socket.socket(family, socket.SOCK_RAW if family in (16, 17) else socket.SOCK_SEQPACKET).close()
            opened.append(family)
        except OSError as error:
            refused = error
    if opened:
        return opened
    raise refused

def reach_user_namespace():
    return call((272, 97), CLONE_NEWUSER)

def reach_user_namespace_by_clone():
    return call((56, 220), CLONE_NEWUSER | 17, 0, 0, 0, 0)

def reach_user_namespace_by_clone3():
    arguments = (ctypes.c_uint64 * 11)(CLONE_NEWUSER, 0, 0, 0, 17)
    return call((435, 435), ctypes.byref(arguments), 88)

def reach_namespace_of_the_first_process():
    return call((308, 268), os.open("/proc/1/ns/mnt", os.O_RDONLY), 0)

def reach_mounts():
    return call((165, 40), b"none", b"/job", b"tmpfs", 0, 0)

def reach_other_root():
    return call((161, 51), b"/usr")

def reach_trace():
    return call((101, 117), 16, 1, 0, 0)

def reach_new_key():
    return call((248, 217), b"user", b"probe", b"x", 1, -3)

def reach_bpf():
    return call((321, 280), 0, ctypes.create_string_buffer(128), 128)

def reach_counters_of_the_processor():
    return call((298, 241), ctypes.create_string_buffer(b"\1\0\0\0\x70", 112), 0, -1, -1, 0)

def reach_io_uring():
    return call((425, 425), 4, ctypes.create_string_buffer(120))

def reach_faults_of_memory():
    return call((323, 282), 1)

def reach_terminal():
    import fcntl
    return fcntl.ioctl(0, 0x5412, b"x") or True

def reach_root_user():
    os.setuid(0)
    return os.getuid() == 0

def reach_capabilities():
    lines = dict(line.split(":\t") for line in text("/proc/self/status").splitlines() if ":\t" in line)
    return [name for name in ("CapEff", "CapPrm", "CapInh", "CapBnd") if int(lines[name], 16)] or (
        lines["NoNewPrivs"] != "1")

def reach_files_of_the_system():
    written = []
    for folder in ("/usr", "/usr/bin", "/", "/dev", "/proc/sys/kernel", "/etc", "/usr/local"):
        try:
            open(folder + "/probe", "w").close()
            written.append(folder)
        except OSError as error:
            refused = error
    if written:
        return written
    raise refused

def reach_settings_of_the_kernel():
    with open("/proc/sys/kernel/core_pattern", "w") as file:
        return file.write("|/job/probe")

def reach_clock_of_the_machine():
    return call((164, 170), ctypes.create_string_buffer(16), None)

def reach_other_instruction_set():
    # A call by the numbers of x32; where there is none, another that must not be.
    return call((0x40000000 | 39, 142), 0xFEE1DEAD if not X86 else 0, 0, 0)


# ---- exhaust ----------------------------------------------------------------------------------------------------------

def exhaust_processes():
    started = 0
    for _ in range(1000):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        started += 1
    return started

def exhaust_processes_by_forking_on():
    while True:
        try:
            os.fork()
        except OSError:
            time.sleep(0.01)

def exhaust_threads():
    for _ in range(1000):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return True

def exhaust_memory():
    data = bytearray(4 << 30)
    return len(data)

def hold(processes, megabytes):
    """The megabytes that processes hold together after three seconds, each of which wants that many."""
    held, tell = os.pipe()
    for _ in range(processes):
        if os.fork() == 0:
            data = os.urandom(1 << 20) * megabytes
            os.write(tell, b"%8d" % os.getpid())
            time.sleep(60)
            os._exit(0)
    time.sleep(3)
    os.set_blocking(held, False)
    try:
        holding = {int(pid) for pid in os.read(held, 8 * processes).split()}
    except BlockingIOError:
        holding = set()
    try:
        while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
            holding.discard(ended[0])
    except ChildProcessError:
        pass
    return len(holding) * megabytes


def exhaust_memory_in_several_processes():
    return hold(12, 100) > 512

def exhaust_shared_memory():
    import mmap
    maps = []
    for _ in range(40):
        maps.append(mmap.mmap(-1, 100 << 20))
        maps[-1].write(b"x" * (100 << 20))
    return True

def exhaust_hidden_memory():
    file = os.memfd_create("probe")
    for _ in range(1000):
        os.write(file, b"x" * (1 << 20))
    return True

def exhaust_segments():
    return call((29, 194), 0, 1 << 30, 0o1600)

def exhaust_disk():
    with open("/job/large", "wb") as file:
        for _ in range(10000):
            file.write(b"x" * (1 << 20))
    return True

def exhaust_files():
    for number in range(1000000):
        os.mkdir(f"/job/{number}")
    return True

def exhaust_processor():
    while True:
        pass

def exhaust_processor_in_several_processes():
    for _ in range(4):
        os.fork()
    while True:
        pass

def exhaust_time():
    time.sleep(3600)

def exhaust_output():
    for _ in range(1 << 20):
        os.write(1, b"x" * 1024)
    return True

def exhaust_patience():
    import signal
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        time.sleep(1)

def exhaust_by_staying():
    # A process of its own session, without a descriptor, whose parent has ended.
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 256)
            time.sleep(3600)
        os._exit(0)
    os.wait()


def probe(name):
    try:
        evidence = globals()[name]()
    except BaseException as error:
        print(f"refused: {type(error).__name__}: {error}")
    else:
        print(f"REACHED: {str(evidence)[:200]}" if evidence else "refused: there was nothing")
