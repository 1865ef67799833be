package io.finback.nodeagent.executor;

import io.finback.nodeagent.containerizer.ContainerSpec;
import io.finback.tasks.ContainerInfo.Tty;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The loggers of a task (ADR 0017): what it prints goes into a pipe per stream, and a shell beside its holder copies from there into
 * {@code stdout} and {@code stderr}, renaming them when they are full. They need no agent, and end with the last writer.
 *
 * <p>The copying is {@code dd}'s, which writes each block as soon as it is read (POSIX promises that for {@code bs=}). It is told
 * how many blocks of at most a page would fit into the file even if all were full, so it never writes more than fits and never reads
 * what it does not write; fewer blocks than told mean the end of the input. Short lines make short blocks: then it is started again for the rest, some dozens of times per file.
 */
public final class LogScript {
    /**
     * Takes its arguments from the front: the pipe's name without ending, the programs, and what is kept of each stream; becomes the
     * rest of them, with the pipes to write to as 5 and 6. Whatever contains the task is made after this, so that the loggers are
     * outside of it and hear its last words. Everybody may write to what is somebody's stdout, so that a task of another user can open
     * {@code /dev/stdout}; the agent soon removes the names.
     *
     * <p>What a logger has no use for it closes by {@code exec}: a shell that redirects a function keeps a copy to restore, and with
     * it the pipe would never end. A new file is made only where nothing is ({@code set -C}), and every size is asked of the open file: a task may have put
     * links or anything else into its sandbox. What cannot be written (the disk is full) is dropped, so that the task goes on.
     */
    private static final String TEXT = """
            pipe=$1 mkfifo=$2 dd=$3 ls=$4 mv=$5 rm=$6; shift 6
            omax=$1 ofiles=$2 emax=$3 efiles=$4; shift 4
            line='
            '
            log() {
              trap '' HUP INT QUIT TERM
              name=$1 max=$2 files=$3 size=0
              exec 7>>"$name"
              while :; do
                left=$(((max - size) / 4096))
                if [ "$left" -le $((max / 131072)) ]; then rotate; size=0; left=$((max / 4096)); fi
                said=$(LC_ALL=C "$dd" bs=4096 count="$left" 2>&1 >&7)
                if [ $? = 0 ]; then
                  said=${said%% records in*}
                  said=${said##*"$line"}
                  case $said in
                    *[!0-9+]* | *+*+*) ;;
                    [0-9]*+[0-9]*) if [ $(($said)) -lt "$left" ]; then exit 0; fi ;;
                  esac
                else
                  "$dd" bs=65536 count=1 of=/dev/null 2>/dev/null
                fi
                set -- $("$ls" -lnL /proc/self/fd/7)
                case ${5:-none} in *[!0-9]*) size=$max ;; *) size=$5 ;; esac
              done
            }
            rotate() {
              i=$((files - 1))
              if [ "$i" -lt 1 ]; then "$rm" -f -- "$name"; fi
              while [ "$i" -ge 1 ]; do
                from=$name; if [ "$i" -gt 1 ]; then from=$name.$((i - 1)); fi
                if [ -e "$from" ] || [ -L "$from" ]; then "$mv" -f -T -- "$from" "$name.$i" 2>/dev/null; fi
                i=$((i - 1))
              done
              set -C
              command exec 7>"$name" || exec 7>/dev/null
              set +C
            }
            "$mkfifo" -m 622 "$pipe.out" "$pipe.err" || exit 1
            exec 3<>"$pipe.out" 4<>"$pipe.err" 5>"$pipe.out" 6>"$pipe.err"
            { exec </proc/self/fd/3 >/dev/null 2>&1 3<&- 4<&- 5>&- 6>&-; log stdout "$omax" "$ofiles"; } &
            { exec </proc/self/fd/4 >/dev/null 2>&1 3<&- 4<&- 5>&- 6>&-; log stderr "$emax" "$efiles"; } &
            exec "$@" 3<&- 4<&-
            """;

    /** The socket's name. */
    public static final String CONSOLE = "console";

    private final Path shell;
    private final LogTools tools;
    private final LogLimits limits;
    private final Optional<HolderProgram> program;

    public LogScript(Tools tools, LogLimits limits) {
        this.shell = tools.shell();
        this.program = tools.holder();
        this.tools = tools.logs();
        this.limits = limits;
    }

    /** What stands before a command line. Throws {@link IllegalArgumentException} when the task asks for what cannot be. */
    public List<String> before(ContainerSpec spec) {
        return before(spec.begun(), spec.task().command().environment());
    }

    /** Whether there is what {@link #onTerminal} and {@link #adopting} need. */
    public boolean hasProgram() {
        return program.isPresent();
    }

    /**
     * The same for a container whose runtime makes a terminal and sends it through the socket {@link #CONSOLE}.
     *
     * @param directory where that will be
     */
    public List<String> onTerminal(ContainerSpec spec, Tty size, Path directory) {
        LogLimits out = limits.overriddenBy(spec.task().command().environment(), "STDOUT");
        return List.of(
                program.orElseThrow().file().toString(),
                "console",
                "log",
                Long.toString(out.maxBytes()),
                Integer.toString(out.maxFiles()),
                Long.toString(out.maxBytes()),
                Integer.toString(out.maxFiles()),
                "tty",
                Integer.toString(size.rows()),
                Integer.toString(size.columns()),
                Typing.file(spec.begun()).toString(),
                "in",
                directory.toString(),
                "--");
    }

    /** What stands before a command that shall be the parent of whatever it starts that loses its own. */
    public List<String> adopting() {
        return List.of(program.orElseThrow().file().toString(), "adopt", "--");
    }

    List<String> before(Path begun, Map<String, String> environment) {
        LogLimits out = limits.overriddenBy(environment, "STDOUT");
        LogLimits err = limits.overriddenBy(environment, "STDERR");
        return List.of(
                shell.toString(),
                "-c",
                TEXT,
                "finback-logger",
                pipe(begun).toString(),
                tools.mkfifo().toString(),
                tools.dd().toString(),
                tools.ls().toString(),
                tools.mv().toString(),
                tools.rm().toString(),
                Long.toString(out.maxBytes()),
                Integer.toString(out.maxFiles()),
                Long.toString(err.maxBytes()),
                Integer.toString(err.maxFiles()));
    }

    /** The holder has them open, or has failed: the names are not needed any more. */
    public static void removeNames(Path begun) throws IOException {
        for (String ending : List.of(".out", ".err")) {
            Files.deleteIfExists(pipe(begun).resolveSibling(pipe(begun).getFileName() + ending));
        }
    }

    private static Path pipe(Path begun) {
        return begun.resolveSibling(begun.getFileName() + ".pipe");
    }
}
