using Microsoft.AspNetCore.Components;

namespace MailPlus.Web.Shared;

/// <summary>A column of a <see cref="DataList{T}"/>.</summary>
/// <param name="Key">Name in the address bar and in the kept choice of columns.</param>
/// <param name="Title">Heading.</param>
/// <param name="Cell">What a row shows in it.</param>
public sealed record ListColumn<T>(string Key, string Title, RenderFragment<T> Cell)
{
    /// <summary>Whether the list can be sorted by it.</summary>
    public bool Sortable { get; init; }

    /// <summary>Numbers stand at the right.</summary>
    public bool AtEnd { get; init; }

    /// <summary>Shown only when the user chooses it.</summary>
    public bool Optional { get; init; }
}

/// <summary>What a list asks its page for.</summary>
/// <param name="Search">Text of the search field.</param>
/// <param name="Sort">Key of the column to sort by, "" for the list's own order.</param>
/// <param name="Descending">Reversed.</param>
/// <param name="Offset">First row, zero-based.</param>
/// <param name="Limit">Rows at most.</param>
public sealed record ListRequest(string Search, string Sort, bool Descending, int Offset, int Limit);
