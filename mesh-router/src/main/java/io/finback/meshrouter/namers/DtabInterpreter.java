package io.finback.meshrouter.namers;

import io.finback.names.Address;
import io.finback.names.Binder;
import io.finback.names.BuiltinNamers;
import io.finback.names.Delegation;
import io.finback.names.Dtab;
import io.finback.names.Name;
import io.finback.names.NameTree;
import io.finback.names.Namer;
import io.finback.names.NotYetKnown;
import io.finback.names.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Binds in this process: a dtab of its own, which may come from elsewhere and change, and name sources. */
public final class DtabInterpreter implements Interpreter {
    private final String kind;
    private final Supplier<Dtab> own;
    private final List<NameSource> sources;
    private final Namer namer;
    private final AutoCloseable watch;

    private DtabInterpreter(String kind, Supplier<Dtab> own, List<NameSource> sources, AutoCloseable watch) {
        this.kind = kind;
        this.own = own;
        this.sources = List.copyOf(sources);
        this.watch = watch;
        Namer all = BuiltinNamers.all();
        for (int i = sources.size() - 1; i >= 0; i--) {
            all = Namer.at(sources.get(i).prefix(), sources.get(i)).orElse(all);
        }
        this.namer = all;
    }

    /** Without a dtab of its own. {@code sources} in the order to ask; who mounts them owns them. */
    public static DtabInterpreter of(List<NameSource> sources) {
        return new DtabInterpreter("default", () -> Dtab.EMPTY, sources, () -> {});
    }

    /** With a dtab that may throw {@link NotYetKnown}; {@code watch} is closed with this. */
    public static DtabInterpreter of(String kind, Supplier<Dtab> dtab, List<NameSource> sources, AutoCloseable watch) {
        return new DtabInterpreter(kind, dtab, sources, watch);
    }

    @Override
    public String kind() {
        return kind;
    }

    @Override
    public NameTree<Name.Bound> bind(Dtab dtab, Path path) {
        return Binder.bind(own.get().concat(dtab), namer, path);
    }

    @Override
    public Delegation delegate(Dtab dtab, Path path) {
        return Delegation.of(own.get().concat(dtab), namer, path);
    }

    @Override
    public Supplier<List<Address>> addresses(Path id) {
        for (NameSource source : sources) {
            Optional<Supplier<List<Address>>> found = source.addresses(id);
            if (found.isPresent()) {
                return found.get();
            }
        }
        List<Address> written = BuiltinNamers.address(id).map(List::of).orElseGet(List::of);
        return () -> written;
    }

    @Override
    public Optional<Dtab> dtab() {
        try {
            return Optional.of(own.get());
        } catch (NotYetKnown e) {
            return Optional.empty();
        }
    }

    @Override
    public Map<String, Object> state() {
        return Map.of("dtab", dtab().map(Dtab::show).orElse("pending"));
    }

    @Override
    public void close() {
        Streams.close(watch);
    }
}
