package io.finback.meshrouter.rpc;

import java.util.function.DoubleSupplier;

/**
 * Where numbers go. Names are paths of parts, {@code clnt/echo/requests}; asking for the same name twice gives the same instrument.
 * Thread-safe. {@link Statistics} keeps them in memory; an adapter to another system implements four methods.
 */
public interface StatsReceiver {
    /** Counts up. */
    interface Counter {
        void add(long delta);

        default void increment() {
            add(1);
        }
    }

    /** Takes values of which averages and percentiles are of interest. */
    interface Stat {
        void add(long value);
    }

    Counter counter(String name);

    Stat stat(String name);

    /** A value that is asked for; those of one name add up. */
    void gauge(String name, DoubleSupplier value);

    /** Takes {@code value} away again. */
    void removeGauge(String name, DoubleSupplier value);

    /** The same below {@code prefix}. */
    default StatsReceiver scope(String prefix) {
        StatsReceiver all = this;
        return new StatsReceiver() {
            @Override
            public Counter counter(String name) {
                return all.counter(prefix + "/" + name);
            }

            @Override
            public Stat stat(String name) {
                return all.stat(prefix + "/" + name);
            }

            @Override
            public void gauge(String name, DoubleSupplier value) {
                all.gauge(prefix + "/" + name, value);
            }

            @Override
            public void removeGauge(String name, DoubleSupplier value) {
                all.removeGauge(prefix + "/" + name, value);
            }
        };
    }

    /** Keeps nothing. */
    StatsReceiver NONE = new StatsReceiver() {
        @Override
        public Counter counter(String name) {
            return delta -> {};
        }

        @Override
        public Stat stat(String name) {
            return value -> {};
        }

        @Override
        public void gauge(String name, DoubleSupplier value) {}

        @Override
        public void removeGauge(String name, DoubleSupplier value) {}
    };
}
