/// The Python program that is started in a cage: reads the code from its standard input, runs it, and reports on a
/// descriptor of its own. Only what every call needs is imported, because an import costs more than the rest.
enum Driver {
    /// The numbers of its descriptors, beside standard input.
    static let output: Int32 = 6
    static let errors: Int32 = 7
    static let report: Int32 = 8

    static let program = #"""
        import sys, posix, builtins

        def run(arguments):
            processes, files_max, files_bytes = map(int, arguments)
            write(b"ready\n")
            code = bytearray()
            while part := posix.read(0, 65536):
                code += part
            nowhere = posix.open("/dev/null", posix.O_RDWR)
            posix.dup2(nowhere, 0)
            posix.dup2(6, 1)
            posix.dup2(7, 2)
            posix.closerange(3, 8)
            posix.set_inheritable(8, False)
            if processes:
                import resource
                resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))
            sys.stdout.reconfigure(line_buffering=True)
            version = "%d.%d" % sys.version_info[:2]
            sys.path += [f"/usr/local/lib/python{version}/dist-packages", "/usr/lib/python3/dist-packages",
                         f"/usr/local/lib/python{version}/site-packages", f"/usr/lib/python{version}/site-packages"]
            sys.argv = [""]
            sys.meta_path.insert(0, AfterImport())
            builtins.exit = builtins.quit = sys.exit
            status = execute(bytes(code))
            if "threading" in sys.modules:
                sys.modules["threading"]._shutdown()
            # Before the functions below, of which one closes all figures.
            if "matplotlib.pyplot" in sys.modules:
                save_open_figures(sys.modules["matplotlib.pyplot"])
            import atexit
            atexit._run_exitfuncs()
            if posix.listdir("/job"):
                send_files(files_max, files_bytes)
            for stream in sys.stdout, sys.stderr:
                try:
                    stream.flush()
                except Exception:
                    pass
            write(b"end %d\n" % status)
            posix._exit(status)

        def write(data):
            data = memoryview(data)
            while data:
                data = data[posix.write(8, data):]

        def execute(code):
            main = type(sys)("__main__")
            main.__builtins__ = builtins
            sys.modules["__main__"] = main
            try:
                exec(compile(code, "<code>", "exec", dont_inherit=True), main.__dict__)
            except SystemExit as end:
                if end.code is None or isinstance(end.code, int):
                    return 1 if end.code else 0
                print(end.code, file=sys.stderr)
                return 1
            except BaseException as error:
                import linecache, traceback
                lines = code.decode("utf-8", "replace").splitlines(True)
                linecache.cache["<code>"] = (len(code), None, lines, "<code>")
                here = error.__traceback__
                traceback.print_exception(type(error), error, here and here.tb_next)
                return 1
            return 0

        class AfterImport:
            """Does something once a module has been imported, at the cost of a look for those that never are."""

            def find_spec(self, name, path=None, target=None):
                action = self.actions.pop(name, None)
                if action is None:
                    return None
                for finder in sys.meta_path:
                    spec = None if finder is self else finder.find_spec(name, path, target)
                    if spec:
                        break
                else:
                    return None
                execute = spec.loader.exec_module
                def exec_module(module):
                    execute(module)
                    action(module)
                spec.loader.exec_module = exec_module
                return spec

            def seed(module):
                module.seed(0)

            def seed_numpy(module):
                module.seed(0)
                default, numbers = module.default_rng, iter(range(1 << 62))
                def default_rng(seed=None):
                    return default(next(numbers) if seed is None else seed)
                module.default_rng = default_rng

            def show_figures(module):
                def show(*arguments, **options):
                    save_figures(module)
                    module.close("all")
                module.show = show

            actions = {"random": seed, "numpy.random": seed_numpy, "matplotlib.pyplot": show_figures}

        figures = 0
        def save_figures(pyplot):
            global figures
            for number in pyplot.get_fignums():
                figures += 1
                pyplot.figure(number).savefig(f"/job/figure-{figures}.png")

        def save_open_figures(pyplot):
            # Figures that the code has saved itself it has chosen; else what it left open is what it wanted shown.
            import os
            if not png_files(os):
                save_figures(pyplot)

        def send_files(files_max, bytes_max):
            import os
            left_out = 0
            for path in png_files(os):
                with open(path, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NOFOLLOW)) as file:
                    size = os.fstat(file.fileno()).st_size
                    if files_max < 1 or size > bytes_max:
                        left_out += 1
                        continue
                    data = file.read(size)
                files_max -= 1
                bytes_max -= len(data)
                name = os.path.basename(path).encode("utf-8", "replace")
                write(b"file %d %s\n" % (len(data), name.replace(b"\n", b" ")))
                write(data)
            write(b"left_out %d\n" % left_out)

        def png_files(os):
            found = []
            for folder, folders, names in os.walk("/job"):
                folders[:] = [name for name in folders if name[:1] != "."]
                for name in names:
                    path = os.path.join(folder, name)
                    if name.lower().endswith(".png") and not os.path.islink(path) and os.path.isfile(path):
                        found.append((os.stat(path).st_mtime_ns, path))
            return [path for time, path in sorted(found)]

        run(sys.argv[1:])
        """#
}
