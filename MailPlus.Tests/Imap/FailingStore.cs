using System.Reflection;
using MailPlus.Engine.Store.Contract;

namespace MailPlus.Tests.Imap;

/// <summary>A store of which some operations fail, as those of a full disk or of a database that is away.</summary>
public class FailingStore : DispatchProxy
{
    private object? _inner;
    private Func<string, Exception?> _failure = _ => null;

    /// <param name="inner">What does what does not fail.</param>
    /// <param name="failure">Why an operation of this name fails, null when it does not.</param>
    public static T Over<T>(T inner, Func<string, Exception?> failure)
        where T : class
    {
        var made = Create<T, FailingStore>();
        var store = (FailingStore)(object)made;
        (store._inner, store._failure) = (inner, failure);
        return made;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        _failure(targetMethod!.Name) is { } failure ? throw failure : targetMethod.Invoke(_inner, BindingFlags.DoNotWrapExceptions, null, args, null) switch
        {
            ValueTask<IAccountStore> opening => new ValueTask<IAccountStore>(OverAsync(opening)),
            IAccountStore other => Over(other, _failure),
            var result => result,
        };

    private async Task<IAccountStore> OverAsync(ValueTask<IAccountStore> opening) => Over(await opening, _failure);
}
