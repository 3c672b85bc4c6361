using System.Diagnostics;
using System.Text;

namespace MailPlus.Tests.Fuzz.Inputs;

/// <summary>Gives a reader one mutated input after the other. A fault, a hang and memory out of proportion name the seed that brings them again.</summary>
internal static class FuzzDriver
{
    /// <summary>Far beyond what any input may take on a busy machine.</summary>
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(60);

    /// <summary>What reading may allocate for any input, and for each octet of it.</summary>
    private const long MostMemory = 48 * 1024 * 1024;
    private const long MostMemoryPerOctet = 512;

    /// <summary>Reads until the time is over, but a few inputs in any case.</summary>
    /// <returns>How many were read.</returns>
    public static async Task<int> RunAsync(FuzzReader reader, int firstSeed, TimeSpan time)
    {
        const int Least = 5;
        var (seed, begun) = (firstSeed, Stopwatch.GetTimestamp());
        var watch = Stopwatch.StartNew();
        var work = Task.Run(async () =>
        {
            while (watch.Elapsed < time || seed < firstSeed + Least)
            {
                Volatile.Write(ref begun, Stopwatch.GetTimestamp());
                await ReadOneAsync(reader, seed);
                Interlocked.Increment(ref seed);
            }
        });
        while (await Task.WhenAny(work, Task.Delay(TimeSpan.FromSeconds(1))) != work)
        {
            if (Stopwatch.GetElapsedTime(Volatile.Read(ref begun)) > Hang)
            {
                throw new TimeoutException($"seed {Volatile.Read(ref seed)} is still being read after {Hang.TotalSeconds} s: {Shown(Input(reader, Volatile.Read(ref seed)))}");
            }
        }

        await work;
        return seed - firstSeed;
    }

    /// <summary>One input.</summary>
    public static async Task ReadOneAsync(FuzzReader reader, int seed)
    {
        var input = Input(reader, seed);
        var thread = Environment.CurrentManagedThreadId;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var random = new Random(seed);
        try
        {
            var reading = reader.ReadAsync(input, random).AsTask();
            var isAlone = reading.IsCompleted;
            await reading;

            // Of a thread's own count nothing else can be a part, when nothing was waited for.
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Xunit.Assert.True(!isAlone || thread != Environment.CurrentManagedThreadId || allocated <= MostMemory + (MostMemoryPerOctet * input.Length * reader.Expansion), $"{allocated} octets of memory for {input.Length}");
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"seed {seed}: {failure.GetType().Name}: {failure.Message}\nread: {Shown(input)}\n{failure}", failure);
        }
    }

    private static byte[] Input(FuzzReader reader, int seed)
    {
        var mutator = new Mutator(seed, reader.Words);
        var seeds = reader.Seeds;
        var original = seeds[mutator.Random.Next(seeds.Count)];
        if (mutator.Random.Next(8) == 0) // the head of one and the tail of another
        {
            var other = seeds[mutator.Random.Next(seeds.Count)];
            original = [.. original.AsSpan(0, mutator.Random.Next(original.Length + 1)), .. other.AsSpan(mutator.Random.Next(other.Length + 1))];
        }

        return mutator.Mutate(original);
    }

    private static string Shown(byte[] input)
    {
        var text = Encoding.Latin1.GetString(input).Replace("\r", "\\r", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\0", "\\0", StringComparison.Ordinal);
        return text.Length > 2_000 ? text[..2_000] + "…" : text;
    }
}
