namespace MailPlus.Web.Shared;

/// <summary>Marks the texts of <see cref="DataList{T}"/>, whose own generic name makes a poor resource name.</summary>
public sealed class DataListTexts;
