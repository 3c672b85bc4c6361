using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Web.Mail.Folders;

namespace MailPlus.Web.Mail;

/// <summary>Something that was done and can be taken back.</summary>
/// <param name="TextKey">What was done, a key of MailPage.resx with the number of messages as {0} and a folder's name as {1}.</param>
/// <param name="Count">Messages.</param>
/// <param name="Target">Where they went, null when they stayed.</param>
/// <param name="UndoAsync">Takes it back; null when it cannot be.</param>
public sealed record Done(string TextKey, int Count, Folder? Target, Func<CancellationToken, Task>? UndoAsync);

/// <summary>What people do to messages of the listed folder. All of it is committed on completion; moving is how things are deleted, archived and marked as spam.</summary>
public sealed class MailActions(MailDesk desk)
{
    /// <summary>Moves messages to another folder.</summary>
    /// <exception cref="RefusedException">NotFound when the folder is gone.</exception>
    public async Task<Done?> MoveAsync(UidSet uids, Folder target, string textKey, CancellationToken cancellationToken)
    {
        if (desk.Current is not { } source || source.Mailbox.Id == target.Mailbox.Id)
        {
            return null;
        }

        await using var store = await desk.OpenAsync(cancellationToken);
        var outcome = await store.MoveAsync(source.Mailbox.Id, Present(uids), target.Mailbox.Id, cancellationToken);
        return new Done(textKey, outcome.Targets.Count, target, async token =>
        {
            await using var again = await desk.OpenAsync(token);
            await again.MoveAsync(target.Mailbox.Id, UidSet.From(outcome.Targets), source.Mailbox.Id, token);
        });
    }

    /// <summary>Moves to Trash. In Trash itself the page asks and calls <see cref="DestroyAsync"/> instead (WEB-048).</summary>
    public async Task<Done?> DeleteAsync(UidSet uids, CancellationToken cancellationToken) =>
        desk.Find(SpecialUse.Trash) is { } trash ? await MoveAsync(uids, trash, "MovedToTrash", cancellationToken) : null;

    /// <summary>Moves to Archive.</summary>
    public async Task<Done?> ArchiveAsync(UidSet uids, CancellationToken cancellationToken) =>
        desk.Find(SpecialUse.Archive) is { } archive ? await MoveAsync(uids, archive, "Archived", cancellationToken) : null;

    /// <summary>Moves to Spam, or out of it (WEB-092, WEB-093).</summary>
    public async Task<Done?> SpamAsync(UidSet uids, CancellationToken cancellationToken)
    {
        var isSpam = desk.Current?.Mailbox.SpecialUse == SpecialUse.Junk;
        var target = isSpam ? desk.Inbox : desk.Find(SpecialUse.Junk);
        return target is null ? null : await MoveAsync(uids, target, isSpam ? "NotSpam" : "MarkedAsSpam", cancellationToken);
    }

    /// <summary>Removes messages of the listed folder for good.</summary>
    public async Task<Done> DestroyAsync(UidSet? uids, CancellationToken cancellationToken)
    {
        await using var store = await desk.OpenAsync(cancellationToken);
        var (expunged, _) = await store.ExpungeAsync(desk.Current!.Mailbox.Id, uids, regardless: true, cancellationToken);
        return new Done("Destroyed", Count(expunged), null, null);
    }

    /// <summary>Sets or clears a flag.</summary>
    public async Task FlagAsync(UidSet uids, MessageFlags flag, bool set, CancellationToken cancellationToken)
    {
        if (desk.Current is not { } folder || uids.IsEmpty)
        {
            return;
        }

        await using var store = await desk.OpenAsync(cancellationToken);
        var change = new FlagChange(uids, set ? FlagOperation.Add : FlagOperation.Remove, new FlagSet(flag, []));
        var outcome = await store.StoreFlagsAsync(folder.Mailbox.Id, change, cancellationToken);
        desk.View.Apply(outcome.State);
    }

    /// <summary>Makes a folder, below another one when a parent is given.</summary>
    /// <exception cref="RefusedException">AlreadyExists, Invalid, TooMany.</exception>
    public async Task<Mailbox> CreateFolderAsync(string name, Folder? parent, CancellationToken cancellationToken)
    {
        await using var store = await desk.OpenAsync(cancellationToken);
        var full = Join(parent?.Mailbox.Name, name);
        var made = await store.CreateMailboxAsync(full, SpecialUse.None, cancellationToken);
        await store.SetSubscribedAsync(full, true, cancellationToken);
        return made;
    }

    /// <summary>Gives a folder of the user's own another name at the same place.</summary>
    /// <exception cref="RefusedException">AlreadyExists, Invalid, NotFound.</exception>
    public async Task RenameFolderAsync(Folder folder, string name, CancellationToken cancellationToken)
    {
        RequireOwn(folder);
        await using var store = await desk.OpenAsync(cancellationToken);
        var full = folder.Mailbox.Name;
        var parent = full.Contains('/', StringComparison.Ordinal) ? full[..full.LastIndexOf('/')] : null;
        await store.RenameMailboxAsync(folder.Mailbox.Id, Join(parent, name), cancellationToken);
        await store.SetSubscribedAsync(full, false, cancellationToken);
        await store.SetSubscribedAsync(Join(parent, name), true, cancellationToken);
    }

    /// <summary>Removes a folder of the user's own; its messages go to Trash first, so that nothing is lost by a slip.</summary>
    /// <exception cref="RefusedException">NotAllowed for a standard folder.</exception>
    public async Task DeleteFolderAsync(Folder folder, CancellationToken cancellationToken)
    {
        RequireOwn(folder);
        await using var store = await desk.OpenAsync(cancellationToken);
        if (folder.Mailbox.Selectable && desk.Find(SpecialUse.Trash) is { } trash)
        {
            var state = await store.StateAsync(folder.Mailbox.Id, cancellationToken);
            if (state.Count > 0)
            {
                await store.MoveAsync(folder.Mailbox.Id, UidSet.From(state.Range(0, state.Count).Select(message => message.Uid)), trash.Mailbox.Id, cancellationToken);
            }
        }

        await store.DeleteMailboxAsync(folder.Mailbox.Id, cancellationToken);
        await store.SetSubscribedAsync(folder.Mailbox.Name, false, cancellationToken);
    }

    /// <summary>Removes all messages of a folder for good (WEB-048).</summary>
    public async Task EmptyFolderAsync(Folder folder, CancellationToken cancellationToken)
    {
        await using var store = await desk.OpenAsync(cancellationToken);
        await store.ExpungeAsync(folder.Mailbox.Id, null, regardless: true, cancellationToken);
    }

    private static int Count(UidSet uids) => (int)Math.Min(int.MaxValue, uids.Count);

    private static string Join(string? parent, string name)
    {
        var level = name.Trim();
        if (level.Length == 0 || level.Contains('/', StringComparison.Ordinal))
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "MailboxNameInvalid") { Field = "Name" });
        }

        return parent is null ? level : $"{parent}/{level}";
    }

    private static void RequireOwn(Folder folder)
    {
        if (folder.IsStandard)
        {
            throw new RefusedException(new Refusal(RefusalKind.NotAllowed, "NotAllowed") { Detail = $"{folder.Mailbox.Name} is a standard folder" });
        }
    }

    private UidSet Present(UidSet uids) => UidSet.From(uids.Where(uid => desk.View.StateOf(uid) is not null));
}
