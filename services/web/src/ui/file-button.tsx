/** A button that takes a file from disk; the same file may be chosen again after it was mended. */

interface FileButtonProps {
  label: string;
  /** Endings, such as `.csv,.txt`. */
  accept: string;
  onFile: (file: File) => void;
}

export function FileButton({ label, accept, onFile }: FileButtonProps) {
  const take = (input: HTMLInputElement) => {
    const [file] = input.files ?? [];
    if (file) onFile(file);
    input.value = "";
  };
  return (
    <label class="button file">
      {label}
      <input type="file" accept={accept} onChange={(event) => take(event.currentTarget)} />
    </label>
  );
}
