using MailPlus.Engine.Primitives;
using MailPlus.Engine.Store.Contract;
using MailPlus.Web.Mail.Folders;

namespace MailPlus.Web.Mail;

/// <summary>What buttons, menus and keys do.</summary>
public sealed partial class MailPage
{
    /// <summary>What an action works on: the selection, else the open message, else the row the keyboard is on.</summary>
    private UidSet Targets => _desk is null ? UidSet.Empty
        : _desk.Selection.Count > 0 ? _desk.Selection.ToSet()
        : (_open ?? _cursor) is { } uid ? UidSet.Of(uid) : UidSet.Empty;

    private async Task ActAsync(string action)
    {
        if (_desk is not { } desk || _actions is not { } actions)
        {
            return;
        }

        switch (action)
        {
            case "next" or "previous":
                await StepAsync(action == "next" ? 1 : -1);
                break;
            case "open" when _cursor is { } uid:
                await OpenAsync(uid);
                break;
            case "back":
                Back();
                break;
            case "select" when (_cursor ?? _open) is { } uid:
                desk.Selection.Toggle(uid);
                break;
            case "selectAll":
                desk.Selection.All(desk.View);
                break;
            case "clear":
                desk.Selection.Clear();
                break;
            case "archive":
                await LeaveAsync(uids => actions.ArchiveAsync(uids, Gone));
                break;
            case "delete":
                await DeleteAsync();
                break;
            case "spam":
                await LeaveAsync(uids => actions.SpamAsync(uids, Gone));
                break;
            case "read" or "unread":
                await MarkAsync(action == "read");
                break;
            case "star" when (_open ?? _cursor) is { } uid:
                await StarAsync(uid);
                break;
            case "reply" or "replyAll" or "forward" when (_open ?? _cursor) is { } uid:
                await ComposeAsync(action switch { "reply" => "Reply", "replyAll" => "ReplyAll", _ => "Forward" }, uid);
                break;
            case "undo":
                await Undo();
                break;
            case "help":
                _help = true;
                break;
            case "inbox":
                Navigation.NavigateTo(AddressOf(desk.Inbox?.Mailbox.Id, null));
                break;
            case "drafts":
                Navigation.NavigateTo(AddressOf(desk.Find(SpecialUse.Drafts)?.Mailbox.Id, null));
                break;
            case "sent":
                Navigation.NavigateTo(AddressOf(desk.Find(SpecialUse.Sent)?.Mailbox.Id, null));
                break;
        }
    }

    private void Back()
    {
        if (_open is not null)
        {
            Navigation.NavigateTo(AddressOf(_desk?.Current?.Mailbox.Id, null), replace: true);
        }
    }

    private async Task StepAsync(int rows)
    {
        if (_desk is not { View.Count: > 0 } desk)
        {
            return;
        }

        var at = _cursor is { } cursor ? desk.View.RowOf(cursor) : -1;
        var next = at < 0 ? 0 : Math.Clamp(at + rows, 0, desk.View.Count - 1);
        _cursor = desk.View[next];
        if (_list is not null)
        {
            await _list.RevealAsync(desk.View[next]);
        }

        // With a message open the keys go from message to message; else they only walk the list.
        if (_open is not null && desk.Current?.NameKey != "Drafts")
        {
            await OpenAsync(desk.View[next]);
        }
    }

    private async Task DeleteAsync()
    {
        if (_desk?.Current?.Mailbox.SpecialUse is SpecialUse.Trash)
        {
            _destroying = Targets.IsEmpty ? null : Targets;
            return;
        }

        await LeaveAsync(uids => _actions!.DeleteAsync(uids, Gone));
    }

    private async Task DestroyAsync()
    {
        var uids = _destroying!;
        _destroying = null;
        await LeaveAsync(async _ => await _actions!.DestroyAsync(uids, Gone));
    }

    private Task MoveAsync(Folder target) => LeaveAsync(uids => _actions!.MoveAsync(uids, target, "MovedTo", Gone));

    /// <summary>Something that takes messages out of the list: the keyboard stays where they were, the pane closes, and what was done is said.</summary>
    private async Task LeaveAsync(Func<UidSet, Task<Done?>> action)
    {
        var uids = Targets;
        if (uids.IsEmpty || _desk is not { } desk)
        {
            return;
        }

        var row = (_open ?? _cursor) is { } at ? desk.View.RowOf(at) : -1;
        Done? done = null;
        if (!await TryAsync(async _ => done = await action(uids)))
        {
            return;
        }

        desk.Selection.Clear();
        await TakeInAsync();
        var wasOpen = _open is { } open && uids.Contains(open);
        _cursor = row >= 0 && desk.View.Count > 0 ? desk.View[Math.Min(row, desk.View.Count - 1)] : null;
        if (wasOpen)
        {
            Back();
        }

        if (done is not null)
        {
            await SayAsync(done);
        }
    }

    private async Task MarkAsync(bool read)
    {
        var uids = Targets;
        await TryAsync(_ => _actions!.FlagAsync(uids, MessageFlags.Seen, read, Gone));
        _desk!.Selection.Clear();
        if (!read && _open is { } open && uids.Contains(open))
        {
            Back();
        }

        await TakeInAsync();
    }

    private async Task StarAsync(Uid uid)
    {
        var starred = _desk?.View.StateOf(uid) is { } state && (state.Flags & MessageFlags.Flagged) != 0;
        await TryAsync(_ => _actions!.FlagAsync(UidSet.Of(uid), MessageFlags.Flagged, !starred, Gone));
    }

    private void Ask(FolderQuestion question)
    {
        _questionProblem = "";
        _question = question;
    }

    private async Task AnswerAsync(string name)
    {
        if (_question is not { } question || _actions is not { } actions)
        {
            return;
        }

        Mailbox? made = null;
        var done = await TryAsync(async _ =>
        {
            switch (question.Kind)
            {
                case FolderQuestionKind.Create:
                    made = await actions.CreateFolderAsync(name, question.Folder, Gone);
                    break;
                case FolderQuestionKind.Rename:
                    await actions.RenameFolderAsync(question.Folder!, name, Gone);
                    break;
                case FolderQuestionKind.Delete:
                    await actions.DeleteFolderAsync(question.Folder!, Gone);
                    break;
                default:
                    await actions.EmptyFolderAsync(question.Folder!, Gone);
                    break;
            }
        });
        if (!done)
        {
            // Said where it was asked, not behind the dialog.
            (_questionProblem, Problem) = (Problem, "");
            return;
        }

        _question = null;
        await TakeInAsync();
        if (made is not null)
        {
            Navigation.NavigateTo(AddressOf(made.Id, null));
        }
        else if (question.Kind == FolderQuestionKind.Delete && FolderId == question.Folder!.Mailbox.Id.Value)
        {
            Navigation.NavigateTo(AddressOf(null, null), replace: true);
        }
    }
}
