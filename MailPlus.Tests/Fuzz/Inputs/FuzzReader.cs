using System.Text;

namespace MailPlus.Tests.Fuzz.Inputs;

/// <summary>Something of the engine that reads what comes off the network, and what to begin mutation with.</summary>
internal abstract class FuzzReader : IAsyncDisposable
{
    /// <summary>Correct input.</summary>
    public abstract IReadOnlyList<byte[]> Seeds { get; }

    /// <summary>Words of its grammar, put in at random.</summary>
    public virtual IReadOnlyList<string> Words => [];

    /// <summary>How many octets one octet of input may stand for.</summary>
    public virtual long Expansion => 1;

    /// <summary>
    /// Reads mutated input. It may refuse it in the way it has; every other exception is a fault, and so is a broken property. What it reads it must be able to
    /// read in any order and again.
    /// </summary>
    public abstract ValueTask ReadAsync(byte[] input, Random random);

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Lines of text as seeds.</summary>
    protected static IReadOnlyList<byte[]> Text(params string[] texts) => [.. texts.Select(Encoding.UTF8.GetBytes)];

    /// <summary>Fails with both readings when they differ.</summary>
    protected static void MustEqual<T>(T one, T two, string what) => Xunit.Assert.True(EqualityComparer<T>.Default.Equals(one, two), $"{what}: {one} and {two}");
}

/// <summary>A reader that is a pure function.</summary>
internal abstract class PureReader : FuzzReader
{
    public sealed override ValueTask ReadAsync(byte[] input, Random random)
    {
        Read(input, random);
        return ValueTask.CompletedTask;
    }

    protected abstract void Read(byte[] input, Random random);
}
