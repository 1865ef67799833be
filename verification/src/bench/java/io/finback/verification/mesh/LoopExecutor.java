package io.finback.verification.mesh;

import akka.dispatch.DispatcherPrerequisites;
import akka.dispatch.ExecutorServiceConfigurator;
import akka.dispatch.ExecutorServiceFactory;
import com.typesafe.config.Config;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/** An executor of Akka that is one of Netty's event loops, the one its configuration numbers. */
public final class LoopExecutor extends ExecutorServiceConfigurator {
    private static final EventLoopGroup GROUP = new NioEventLoopGroup(Runtime.getRuntime().availableProcessors());

    private final EventLoop loop;

    public LoopExecutor(Config config, DispatcherPrerequisites prerequisites) {
        super(config, prerequisites);
        loop = loops().get(config.getInt("loop"));
    }

    static EventLoopGroup group() {
        return GROUP;
    }

    static List<EventLoop> loops() {
        List<EventLoop> all = new ArrayList<>();
        GROUP.forEach(loop -> all.add((EventLoop) loop));
        return all;
    }

    @Override
    public ExecutorServiceFactory createExecutorServiceFactory(String id, ThreadFactory threads) {
        return () -> service();
    }

    /** Akka ends its executors when they have no actors; a loop goes on. */
    private ExecutorService service() {
        return new AbstractExecutorService() {
            @Override
            public void execute(Runnable task) {
                loop.execute(task);
            }

            @Override
            public void shutdown() {}

            @Override
            public List<Runnable> shutdownNow() {
                return List.of();
            }

            @Override
            public boolean isShutdown() {
                return false;
            }

            @Override
            public boolean isTerminated() {
                return false;
            }

            @Override
            public boolean awaitTermination(long time, TimeUnit unit) {
                return true;
            }
        };
    }
}
