package io.finback.meshrouter.rpc;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a client or a server is built of: modules in an order, outermost first, above a leaf that does the work. An immutable value; it
 * becomes a factory when it is made with parameters.
 */
public final class Stack<Q extends @Nullable Object, R extends @Nullable Object> {
    /**
     * What a module is for. Two of the same name are the same role.
     *
     * @param why the reason for its place
     */
    public record Role(String name, String why) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** Makes a factory of parameters. */
    @FunctionalInterface
    public interface Leaf<Q extends @Nullable Object, R extends @Nullable Object> {
        ServiceFactory<Q, R> make(Params params);
    }

    /**
     * One module: what it makes of all that is below it.
     *
     * @param make {@code below} makes what is below, once or (as a balancer does) once for each endpoint, with parameters of its own
     */
    public record Module<Q extends @Nullable Object, R extends @Nullable Object>(Role role, Making<Q, R> make) {
        /** Most modules: a factory of a factory. */
        public static <Q extends @Nullable Object, R extends @Nullable Object> Module<Q, R> of(
                Role role, Above<Q, R> above) {
            return new Module<>(role, (params, below) -> above.make(params, below.make(params)));
        }

        /** A filter before every session. */
        public static <Q extends @Nullable Object, R extends @Nullable Object> Module<Q, R> filter(
                Role role, Function<Params, Filter.Simple<Q, R>> filter) {
            return of(role, (params, next) -> filter.apply(params).andThen(next));
        }
    }

    @FunctionalInterface
    public interface Making<Q extends @Nullable Object, R extends @Nullable Object> {
        ServiceFactory<Q, R> make(Params params, Leaf<Q, R> below);
    }

    @FunctionalInterface
    public interface Above<Q extends @Nullable Object, R extends @Nullable Object> {
        ServiceFactory<Q, R> make(Params params, ServiceFactory<Q, R> next);
    }

    private final List<Module<Q, R>> modules;
    private final Leaf<Q, R> leaf;

    private Stack(List<Module<Q, R>> modules, Leaf<Q, R> leaf) {
        this.modules = List.copyOf(modules);
        this.leaf = leaf;
    }

    /**
     * One of these parts.
     *
     * @param modules outermost first
     */
    public static <Q extends @Nullable Object, R extends @Nullable Object> Stack<Q, R> of(
            List<Module<Q, R>> modules, Leaf<Q, R> leaf) {
        return new Stack<>(modules, leaf);
    }

    /** Outermost first. */
    public List<Role> roles() {
        return modules.stream().map(Module::role).toList();
    }

    /** {@code added} directly outside of {@code role}. Throws IllegalArgumentException when there is no such role. */
    public Stack<Q, R> insertBefore(Role role, Module<Q, R> added) {
        return inserted(place(role), added);
    }

    /** {@code added} directly inside of {@code role}. Throws IllegalArgumentException when there is no such role. */
    public Stack<Q, R> insertAfter(Role role, Module<Q, R> added) {
        return inserted(place(role) + 1, added);
    }

    /** Outside of everything. */
    public Stack<Q, R> prepend(Module<Q, R> added) {
        return inserted(0, added);
    }

    /** {@code other} in the place of {@code role}. Throws IllegalArgumentException when there is no such role. */
    public Stack<Q, R> replace(Role role, Module<Q, R> other) {
        List<Module<Q, R>> all = new ArrayList<>(modules);
        Module<Q, R> before = all.set(place(role), other);
        return before.equals(other) ? this : new Stack<>(all, leaf);
    }

    /** Without {@code role}, if it is there. */
    public Stack<Q, R> remove(Role role) {
        return new Stack<>(
                modules.stream().filter(module -> !module.role().equals(role)).toList(), leaf);
    }

    public Stack<Q, R> withLeaf(Leaf<Q, R> other) {
        return new Stack<>(modules, other);
    }

    /** Builds it. */
    public ServiceFactory<Q, R> make(Params params) {
        return below(0).make(params);
    }

    private Leaf<Q, R> below(int index) {
        if (index == modules.size()) {
            return leaf;
        }
        Module<Q, R> module = modules.get(index);
        return params -> module.make().make(params, below(index + 1));
    }

    private Stack<Q, R> inserted(int index, Module<Q, R> added) {
        List<Module<Q, R>> all = new ArrayList<>(modules);
        all.add(index, added);
        return new Stack<>(all, leaf);
    }

    private int place(Role role) {
        int place = roles().indexOf(role);
        if (place < 0) {
            throw new IllegalArgumentException(
                    "role " + role + ": not in the stack (expected: one of " + roles() + ")");
        }
        return place;
    }
}
