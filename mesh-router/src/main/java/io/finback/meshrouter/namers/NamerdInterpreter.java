package io.finback.meshrouter.namers;

import io.finback.names.Address;
import io.finback.names.Delegation;
import io.finback.names.Dtab;
import io.finback.names.Name;
import io.finback.names.NameTree;
import io.finback.names.NotYetKnown;
import io.finback.names.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Names are bound by a namerd, whichever way it is asked: every name, every bound id and the dtab is watched on its own, and the last answers
 * stay while it is gone. Ids that say their address themselves are not asked for.
 */
final class NamerdInterpreter implements Interpreter {
    /** What a path means under a dtab. */
    record Question(Dtab dtab, Path path) {
        @Override
        public String toString() {
            return path.show() + (dtab.entries().isEmpty() ? "" : " under " + dtab.show());
        }
    }

    /** How it is asked. Watches tell until they are closed. */
    interface Asking extends AutoCloseable {
        AutoCloseable tree(Question question, Consumer<NameTree<Name.Bound>> tell);

        /** An empty answer: not known there yet. */
        AutoCloseable addresses(Path id, Consumer<Optional<List<Address>>> tell);

        AutoCloseable dtab(Consumer<Dtab> tell);

        CompletableFuture<Delegation> explain(Question question);

        /** The last failure, until something works again; {@code none}. */
        String trouble();

        @Override
        void close();
    }

    private final String kind;
    private final Map<String, String> whom;
    private final Asking asking;
    private final FarBindings<Question> bindings;
    private final Watches<String, Dtab> dtabs;
    private final Explained<Question> explained;

    /**
     * Begins to ask when a name is asked for.
     *
     * @param kind Linkerd's
     * @param whom it is asked, for people
     */
    NamerdInterpreter(String kind, Map<String, String> whom, Asking asking, Changes changes) {
        this.kind = kind;
        this.whom = whom;
        this.asking = asking;
        this.bindings = new FarBindings<>(kind, changes, asking::tree, asking::addresses);
        this.dtabs = new Watches<>(kind, 1, changes, v -> false, (dtab, tell) -> asking.dtab(tell));
        this.explained = new Explained<>(asking::explain, Question::path, System::nanoTime);
    }

    @Override
    public String kind() {
        return kind;
    }

    @Override
    public NameTree<Name.Bound> bind(Dtab dtab, Path path) {
        return bindings.bind(new Question(dtab, path));
    }

    @Override
    public Supplier<List<Address>> addresses(Path id) {
        return bindings.addresses(id);
    }

    @Override
    public Optional<Dtab> dtab() {
        try {
            return Optional.of(dtabs.get("dtab"));
        } catch (NotYetKnown e) {
            return Optional.empty();
        }
    }

    /** As namerd sees it, its own namers and transformers included. */
    @Override
    public Delegation delegate(Dtab dtab, Path path) {
        return explained.get(new Question(dtab, path));
    }

    @Override
    public Map<String, Object> state() {
        Map<String, Object> state = new LinkedHashMap<>(whom);
        state.put("trouble", asking.trouble());
        state.put("bind", bindings.trees());
        state.put("resolve", bindings.addresses());
        dtabs.state().forEach((key, dtab) -> state.put(key, dtab.map(Dtab::show).orElse("pending")));
        return state;
    }

    @Override
    public void close() {
        bindings.close();
        dtabs.close();
        asking.close();
    }
}
